import type { GroupSummary, ParticipantResult } from '../schema/api/group.ts'
import type { LinkCommand } from '../schema/command.ts'
import type { GroupMetadata, WASocket } from './baileys.ts'
import { summarizeGroup, viewGroup } from './group-view.ts'
import type { Refusal, Refusals } from './question-refusal.ts'

const groupKinds = [
  'listGroups',
  'readGroup',
  'createGroup',
  'updateGroup',
  'changeParticipants',
  'leaveGroup',
  'groupInvite',
  'joinGroup',
] as const

export type GroupQuestion = Extract<LinkCommand, { kind: (typeof groupKinds)[number] }>

export function isAboutGroups(command: LinkCommand): command is GroupQuestion {
  return groupKinds.some((kind) => kind === command.kind)
}

type Asked = Pick<
  WASocket,
  | 'groupFetchAllParticipating'
  | 'groupMetadata'
  | 'groupCreate'
  | 'groupUpdateSubject'
  | 'groupUpdateDescription'
  | 'groupSettingUpdate'
  | 'groupParticipantsUpdate'
  | 'groupLeave'
  | 'groupInviteCode'
  | 'groupRevokeInvite'
  | 'groupAcceptInvite'
>

export interface GroupTools {
  socket: Asked
  /** The number of whom WhatsApp names by LID. */
  phoneOf(lid: string): string | undefined
  /** How WhatsApp names a person within a group. */
  authorIn(group: string, jid: string): Promise<string>
}

const groupNotFound: Refusal = {
  errorCode: 'groupNotFound',
  errorText: 'The account is in no such group. List the groups to see which there are.',
}
const notGroupMember: Refusal = {
  errorCode: 'notGroupMember',
  errorText: 'WhatsApp tells of a group only to those who are in it, and this account is not.',
}
const notGroupAdmin: Refusal = {
  errorCode: 'notGroupAdmin',
  errorText:
    'WhatsApp lets only administrators of the group do this, and this account is none of them, or is in the group no more. Ask an administrator to promote it.',
}
const inviteInvalid: Refusal = {
  errorCode: 'inviteInvalid',
  errorText: 'This invitation is not valid, or was revoked. Ask for a new one.',
}

const ofReading: Refusals = { 401: notGroupMember, 403: notGroupMember, 404: groupNotFound }
const ofChanging: Refusals = {
  401: notGroupAdmin,
  403: notGroupAdmin,
  404: groupNotFound,
  405: notGroupAdmin,
}
const ofJoining: Refusals = { 400: inviteInvalid, 404: inviteInvalid, 406: inviteInvalid, 410: inviteInvalid }

/** What WhatsApp's codes mean for a question about groups. */
export function groupRefusals({ kind }: GroupQuestion): Refusals {
  if (kind === 'joinGroup') return ofJoining
  return kind === 'listGroups' || kind === 'readGroup' || kind === 'leaveGroup' ? ofReading : ofChanging
}

/** Asks WhatsApp about groups, or changes one. Throws what Baileys throws. */
export async function askAboutGroups(
  question: GroupQuestion,
  { socket, phoneOf, authorIn }: GroupTools,
): Promise<Record<string, unknown>> {
  const view = (metadata: GroupMetadata) => ({ ...viewGroup(metadata, phoneOf) })
  const { kind } = question
  if (kind === 'listGroups') return { groups: await listGroups(socket, phoneOf) }
  if (kind === 'readGroup') return view(await socket.groupMetadata(question.jid))
  if (kind === 'createGroup') return view(await socket.groupCreate(question.subject, question.participants))
  if (kind === 'changeParticipants')
    return { participants: await changeParticipants(socket, question, authorIn) }
  if (kind === 'joinGroup') return { jid: (await socket.groupAcceptInvite(question.inviteCode)) ?? null }
  if (kind === 'updateGroup') {
    await update(socket, question)
    return view(await socket.groupMetadata(question.jid))
  }
  if (kind === 'groupInvite') {
    const ask = question.isRenewed ? socket.groupRevokeInvite : socket.groupInviteCode
    const inviteCode = answered(await ask(question.jid))
    return { inviteCode, inviteUrl: `https://chat.whatsapp.com/${inviteCode}` }
  }
  // The answer to leaving does not say whether the account was in the group.
  await socket.groupMetadata(question.jid)
  await socket.groupLeave(question.jid)
  return {}
}

async function listGroups(socket: Asked, phoneOf: GroupTools['phoneOf']): Promise<GroupSummary[]> {
  const groups = Object.values(await socket.groupFetchAllParticipating())
  const sorted = groups.toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return sorted.map((metadata) => summarizeGroup(metadata, phoneOf))
}

/** Baileys answers undefined when WhatsApp did not answer. */
function answered<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new Error('WhatsApp did not answer')
  return answer
}

async function update(
  socket: Asked,
  { jid, subject, description, isAnnouncement, isLocked }: Extract<GroupQuestion, { kind: 'updateGroup' }>,
): Promise<void> {
  if (subject !== undefined) await socket.groupUpdateSubject(jid, subject)
  if (description !== undefined) await socket.groupUpdateDescription(jid, description)
  if (isAnnouncement !== undefined)
    await socket.groupSettingUpdate(jid, isAnnouncement ? 'announcement' : 'not_announcement')
  if (isLocked !== undefined) await socket.groupSettingUpdate(jid, isLocked ? 'locked' : 'unlocked')
}

/** What WhatsApp's codes mean for one person. */
const personTexts: Record<string, string> = {
  401: 'This person has blocked the account.',
  403: 'This person does not let everybody add them. Send the invitation of the group instead.',
  404: 'Nobody has this number on WhatsApp, or the person is not in the group.',
  408: 'This person left the group a short time ago. Send the invitation of the group instead.',
  409: 'This person is in the group already.',
  419: 'The group is full.',
}

async function changeParticipants(
  socket: Asked,
  { jid, action, participants }: Extract<GroupQuestion, { kind: 'changeParticipants' }>,
  authorIn: GroupTools['authorIn'],
): Promise<ParticipantResult[]> {
  const addresses =
    action === 'add' ? participants : await Promise.all(participants.map((one) => authorIn(jid, one)))
  const answers = await socket.groupParticipantsUpdate(jid, addresses, action)
  const statuses = new Map(answers.map((answer) => [answer.jid, answer.status]))
  return participants.map((person, index) => {
    const status = statuses.get(addresses[index]) ?? answers[index]?.status ?? 'none'
    if (status === '200') return { jid: person, status: 'done', errorCode: null, errorText: null }
    const errorText = personTexts[status] ?? 'WhatsApp refused it without a reason that is known.'
    return { jid: person, status: 'refused', errorCode: status, errorText }
  })
}
