import { z } from 'zod'
import { profileChanges } from './api/account.ts'
import { maxCheckedNumbers } from './api/contact.ts'
import { CreateGroup, groupChanges, GroupJid, participantsChange } from './api/group.ts'
import { presence, readMessages } from './api/sign.ts'
import { IdFile, Jid } from './id.ts'
import { SendableMessage } from './outgoing.ts'

/** Why a question is refused rather than not answered: `errorCode` of the report, and the API's problem. */
export const questionProblems = [
  'alreadyLinked',
  'numberRefused',
  'rateLimited',
  'refusedByWhatsApp',
  'groupNotFound',
  'notGroupMember',
  'notGroupAdmin',
  'inviteInvalid',
  'notOnWhatsApp',
] as const
export type QuestionProblem = (typeof questionProblems)[number]

/** What a connector is to do for the API; told again until a report ends it, so carry each `idCommand` out once. */
export const LinkCommand = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sendMessage'), idMessage: z.string().min(1), message: SendableMessage }),
  /** Told once, answered at once: the report's result is `{contacts: ContactCheck[]}`. */
  z.strictObject({
    kind: z.literal('checkNumbers'),
    numbers: z
      .array(z.string().regex(/^\d{6,15}$/))
      .min(1)
      .max(maxCheckedNumbers),
  }),
  /** These three have no result. */
  z.strictObject({ kind: z.literal('markRead'), to: Jid, messages: readMessages }),
  z.strictObject({ kind: z.literal('setPresence'), presence, to: Jid.optional() }),
  z.strictObject({ kind: z.literal('subscribePresence'), to: Jid }),
  /** Done as soon as it is begun; what comes of it is the file itself, or a report `fileUnavailable`. */
  z.strictObject({ kind: z.literal('fetchFile'), idFile: IdFile, source: z.base64() }),
  /** For a session that is being linked: the report's result is `{pairingCode, expiresAt}`. */
  z.strictObject({ kind: z.literal('pairingCode'), phoneNumber: z.string().regex(/^\d{6,15}$/) }),
  /** What each of these answers is in `api/group.ts`; `leaveGroup` has no result. */
  z.strictObject({ kind: z.literal('listGroups') }),
  z.strictObject({ kind: z.literal('readGroup'), jid: GroupJid }),
  z.strictObject({ kind: z.literal('createGroup'), ...CreateGroup.shape }),
  z.strictObject({ kind: z.literal('updateGroup'), jid: GroupJid, ...groupChanges }),
  z.strictObject({ kind: z.literal('changeParticipants'), jid: GroupJid, ...participantsChange }),
  z.strictObject({ kind: z.literal('leaveGroup'), jid: GroupJid }),
  z.strictObject({ kind: z.literal('groupInvite'), jid: GroupJid, isRenewed: z.boolean() }),
  z.strictObject({ kind: z.literal('joinGroup'), inviteCode: z.string().min(1) }),
  /** What these answer is in `api/account.ts`; `block` has no result. */
  z.strictObject({ kind: z.literal('readProfile') }),
  z.strictObject({ kind: z.literal('updateProfile'), ...profileChanges }),
  z.strictObject({ kind: z.literal('listBlocked') }),
  z.strictObject({ kind: z.literal('block'), jid: Jid, isBlocked: z.boolean() }),
  /** The report's result is `{pictureUrl: string | null}`. */
  z.strictObject({ kind: z.literal('profilePicture'), jid: Jid }),
])
export type LinkCommand = z.infer<typeof LinkCommand>
export type SendCommand = Extract<LinkCommand, { kind: 'sendMessage' }>
