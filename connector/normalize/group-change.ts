import type { EventDraft } from '../../schema/event/event.ts'
import type { Jid } from '../../schema/id.ts'
import { WAMessageStubType } from '../baileys.ts'
import { resolvePerson } from './address.ts'
import type { Subject } from './subject.ts'
import type { NormalizeContext, NormalizedMessage, WireMessage } from './wire-message.ts'
import { toList, toText, withoutAbsent } from './value.ts'

type GroupAction = Extract<EventDraft, { messageType: 'groupUpdate' }>['action']
type ParticipantsAction = Extract<EventDraft, { messageType: 'groupParticipantsUpdate' }>['action']

const stub = WAMessageStubType

const groupActions = new Map<number, GroupAction>([
  [stub.GROUP_CREATE, 'created'],
  [stub.GROUP_CHANGE_SUBJECT, 'subject'],
  [stub.GROUP_CHANGE_DESCRIPTION, 'description'],
  [stub.GROUP_CHANGE_ICON, 'picture'],
  [stub.GROUP_CHANGE_ANNOUNCE, 'announcement'],
  [stub.GROUP_CHANGE_RESTRICT, 'locked'],
  [stub.GROUP_CHANGE_INVITE_LINK, 'inviteCode'],
  [stub.GROUP_MEMBER_ADD_MODE, 'memberAddMode'],
  [stub.GROUP_MEMBERSHIP_JOIN_APPROVAL_MODE, 'joinApproval'],
  [stub.CHANGE_EPHEMERAL_SETTING, 'ephemeral'],
])

const participantsActions = new Map<number, ParticipantsAction>([
  [stub.GROUP_PARTICIPANT_ADD, 'add'],
  [stub.GROUP_PARTICIPANT_INVITE, 'add'],
  [stub.GROUP_PARTICIPANT_ADD_REQUEST_JOIN, 'add'],
  [stub.GROUP_PARTICIPANT_ACCEPT, 'add'],
  [stub.GROUP_PARTICIPANT_LINKED_GROUP_JOIN, 'add'],
  [stub.GROUP_PARTICIPANT_REMOVE, 'remove'],
  [stub.GROUP_PARTICIPANT_LEAVE, 'remove'],
  [stub.GROUP_PARTICIPANT_PROMOTE, 'promote'],
  [stub.GROUP_PARTICIPANT_DEMOTE, 'demote'],
  [stub.GROUP_PARTICIPANT_CHANGE_NUMBER, 'modify'],
])

/** A group can have 1,024 people, a community's announcement group more. */
const maxParticipants = 4096

function groupFields({ context, place, idEvent, messageTimestamp }: Subject) {
  return {
    idSession: context.idSession,
    idEvent,
    senderNumber: place.chat.jid,
    messageTimestamp,
    participant: place.author?.jid,
  }
}

export function makeGroupUpdate(subject: Subject, action: GroupAction, value: string): NormalizedMessage {
  const { idSession, ...fields } = groupFields(subject)
  const draft = { idSession, messageType: 'groupUpdate' as const, ...fields, action, value }
  return { draft: withoutAbsent(draft) }
}

/** What a group's own notice says; every notice without an action of its own is `other`, with its wire name. */
export function readGroupStub(message: WireMessage, stubType: number, subject: Subject): NormalizedMessage {
  const parameters = toList(message.messageStubParameters, maxParticipants)
  const participantsAction = participantsActions.get(stubType)
  if (participantsAction !== undefined) {
    const participants = readParticipants(parameters, subject.context)
    const { idSession, ...fields } = groupFields(subject)
    const draft = {
      idSession,
      messageType: 'groupParticipantsUpdate' as const,
      ...fields,
      action: participantsAction,
      participants,
    }
    return { draft: withoutAbsent(draft) }
  }
  const action = groupActions.get(stubType)
  if (action === undefined) return makeGroupUpdate(subject, 'other', stubName(stubType))
  return makeGroupUpdate(subject, action, toText(parameters[0]))
}

export function stubName(stubType: number): string {
  return stub[stubType] ?? `stub ${stubType}`
}

/** Baileys gives each as JSON with both addresses; history and changes of number give bare addresses. */
function readParticipants(parameters: readonly unknown[], context: NormalizeContext): Jid[] {
  const people = parameters.map((parameter) => {
    const { id, phoneNumber, lid } = parseParticipant(parameter)
    return resolvePerson(id, phoneNumber ?? lid, context)?.jid
  })
  return [...new Set(people.filter((jid) => jid !== undefined))]
}

function parseParticipant(parameter: unknown): { id?: unknown; phoneNumber?: unknown; lid?: unknown } {
  if (typeof parameter !== 'string' || !parameter.startsWith('{')) return { id: parameter }
  try {
    return JSON.parse(parameter) as { id?: unknown }
  } catch {
    return {}
  }
}
