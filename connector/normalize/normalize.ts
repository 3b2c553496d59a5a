import { WAMessageStubType, type proto } from '../baileys.ts'
import { isIgnoredChat, readPlace, toJid } from './address.ts'
import { readContact, readContacts } from './contact.ts'
import { readAudio, readDocument, readImage, readSticker, readVideo } from './file.ts'
import { readGroupStub, stubName } from './group-change.ts'
import { idEventOf } from './identity.ts'
import { readLiveLocation, readLocation } from './location.ts'
import { readPollCreation, readPollUpdate } from './poll.ts'
import { readProtocol } from './protocol.ts'
import { readReaction } from './reaction.ts'
import {
  readButtonsResponse,
  readInteractiveResponse,
  readListResponse,
  readTemplateReply,
} from './response.ts'
import { makeMessage, makeUnsupported, type Subject } from './subject.ts'
import { unwrap } from './unwrap.ts'
import { toCount, toLabel, toText } from './value.ts'
import type { NormalizeContext, NormalizedMessage, WireMessage } from './wire-message.ts'

const { CIPHERTEXT, REVOKE, ADMIN_REVOKE }: Record<'CIPHERTEXT' | 'REVOKE' | 'ADMIN_REVOKE', number> =
  WAMessageStubType

/** A larger event becomes `unsupportedMessage` with the reason `tooLarge`. In bytes of JSON. */
export const maxEventBytes = 256 * 1024

/**
 * Turns a message as WhatsApp delivers it into its event. `null` when there is nothing to tell: traffic between the
 * account's own devices, keys for later messages, status broadcasts and newsletters, what is still being retried
 * (unless `context.isGivenUp`), and what names no chat or no message.
 *
 * Never throws, whatever the message holds, and the draft always passes `EventDraft`.
 */
export function normalizeMessage(message: WireMessage, context: NormalizeContext): NormalizedMessage | null {
  const subject = readSubject(message, context)
  if (subject === null) return null
  const normalized = readGuarded(message, subject)
  if (normalized === null) return null
  const bytes = Buffer.byteLength(JSON.stringify(normalized.draft))
  return bytes > maxEventBytes ? makeUnsupported(subject, wireTypeOf(message), 'tooLarge') : normalized
}

function readSubject(message: WireMessage, context: NormalizeContext): Subject | null {
  const { key } = message
  const place = readPlace(key, context)
  const idMessage = toLabel(key.id)
  if (place === undefined || idMessage === undefined) return null
  if (isIgnoredChat(toJid(key.remoteJid), context)) return null
  return {
    context,
    key,
    place,
    idMessage,
    idEvent: idEventOf(key, context.idSession),
    senderName: toLabel(message.pushName) ?? toLabel(message.verifiedBizName) ?? '',
    messageTimestamp: toCount(message.messageTimestamp) ?? 0,
    isViewOnce: key.isViewOnce === true,
  }
}

/** A field of the wrong kind may make a reader fail: then the message is told as malformed. */
function readGuarded(message: WireMessage, subject: Subject): NormalizedMessage | null {
  try {
    return readContent(message, subject)
  } catch {
    return makeUnsupported(subject, wireTypeOf(message), 'malformed')
  }
}

function readContent(message: WireMessage, wireSubject: Subject): NormalizedMessage | null {
  if (wireSubject.context.isMalformed) return makeUnsupported(wireSubject, 'none', 'malformed')
  const { content, isViewOnce, isTooDeep, taken } = unwrap(bodyOf(message))
  const subject = isViewOnce ? { ...wireSubject, isViewOnce } : wireSubject
  if (isTooDeep) return makeUnsupported(subject, taken[0] ?? 'none', 'malformed')
  const field = contentField(content)
  const stubType = message.messageStubType ?? 0
  if (stubType !== 0 && (field === undefined || stubType !== CIPHERTEXT)) {
    return readStub(message, stubType, subject)
  }
  if (field !== undefined) {
    const read = readerOf(field)
    return read ? read(content, subject) : makeUnsupported(subject, field, reasonOf(field))
  }
  if (subject.isViewOnce) return makeUnsupported(subject, 'viewOnceMessage', 'empty')
  const onlyKeys = Object.keys(content).some((name) => name !== 'messageContextInfo')
  return onlyKeys ? null : makeUnsupported(subject, 'none', 'empty')
}

function readStub(message: WireMessage, stubType: number, subject: Subject): NormalizedMessage | null {
  const { context, place, idMessage } = subject
  if (stubType === CIPHERTEXT) {
    const isFinal = context.isGivenUp === true || context.isHistory === true
    if (!isFinal) return null
    // An id of its own, so that content that still comes is no repetition of this.
    const idEvent = idEventOf(subject.key, context.idSession, 'undecryptable')
    return makeUnsupported({ ...subject, idEvent }, 'ciphertext', 'undecryptable')
  }
  if (stubType === REVOKE || stubType === ADMIN_REVOKE) {
    const participant = place.author?.jid
    const targetMessage = { idMessage, ...(participant !== undefined && { participant }) }
    return makeMessage(subject, 'revokedMessage', undefined, { targetMessage })
  }
  if (place.isGroup && /^(GROUP|CHANGE_EPHEMERAL|COMMUNITY)_/.test(stubName(stubType))) {
    return readGroupStub(message, stubType, subject)
  }
  return makeUnsupported(subject, stubName(stubType), 'unknownType')
}

type ContentField = keyof proto.IMessage
type Reader = (content: proto.IMessage, subject: Subject) => NormalizedMessage | null

const readPoll =
  (
    field:
      | 'pollCreationMessage'
      | 'pollCreationMessageV2'
      | 'pollCreationMessageV3'
      | 'pollCreationMessageV5',
  ): Reader =>
  (content, subject) =>
    readPollCreation(content[field]!, subject)

/** One entry for each field of WhatsApp's message that has an event of its own. */
const readers: Partial<Record<ContentField, Reader>> = {
  conversation: ({ conversation }, subject) =>
    makeMessage(subject, 'conversation', undefined, { value: toText(conversation) }),
  extendedTextMessage: ({ extendedTextMessage: extended }, subject) =>
    makeMessage(subject, 'conversation', extended!.contextInfo, { value: toText(extended!.text) }),
  imageMessage: ({ imageMessage }, subject) => readImage(imageMessage!, subject),
  audioMessage: ({ audioMessage }, subject) => readAudio(audioMessage!, subject),
  stickerMessage: ({ stickerMessage }, subject) => readSticker(stickerMessage!, subject),
  documentMessage: ({ documentMessage }, subject) => readDocument(documentMessage!, subject),
  videoMessage: ({ videoMessage }, subject) => readVideo(videoMessage!, subject),
  ptvMessage: ({ ptvMessage }, subject) => readVideo(ptvMessage!, subject, { isVideoNote: true }),
  contactMessage: ({ contactMessage }, subject) => readContact(contactMessage!, subject),
  contactsArrayMessage: ({ contactsArrayMessage }, subject) => readContacts(contactsArrayMessage!, subject),
  locationMessage: ({ locationMessage }, subject) => readLocation(locationMessage!, subject),
  liveLocationMessage: ({ liveLocationMessage }, subject) => readLiveLocation(liveLocationMessage!, subject),
  pollCreationMessage: readPoll('pollCreationMessage'),
  pollCreationMessageV2: readPoll('pollCreationMessageV2'),
  pollCreationMessageV3: readPoll('pollCreationMessageV3'),
  pollCreationMessageV5: readPoll('pollCreationMessageV5'),
  pollUpdateMessage: ({ pollUpdateMessage }, subject) => readPollUpdate(pollUpdateMessage!, subject),
  reactionMessage: ({ reactionMessage }, subject) => readReaction(reactionMessage!, subject),
  buttonsResponseMessage: ({ buttonsResponseMessage }, subject) =>
    readButtonsResponse(buttonsResponseMessage!, subject),
  templateButtonReplyMessage: ({ templateButtonReplyMessage }, subject) =>
    readTemplateReply(templateButtonReplyMessage!, subject),
  interactiveResponseMessage: ({ interactiveResponseMessage }, subject) =>
    readInteractiveResponse(interactiveResponseMessage!, subject),
  listResponseMessage: ({ listResponseMessage }, subject) => readListResponse(listResponseMessage!, subject),
  protocolMessage: ({ protocolMessage }, subject) => readProtocol(protocolMessage!, subject),
  stickerSyncRmrMessage: () => null,
}

function readerOf(field: ContentField): Reader | undefined {
  return Object.hasOwn(readers, field) ? readers[field] : undefined
}

/** Stand beside a message's content; alone they are keys for later messages, or nothing. */
const companions = new Set<string>([
  'senderKeyDistributionMessage',
  'fastRatchetKeySenderKeyDistributionMessage',
  'messageContextInfo',
])

/** Encrypted once more, with a secret of the message that they are about. */
const encrypted = new Set<string>([
  'encReactionMessage',
  'encCommentMessage',
  'encEventResponseMessage',
  'secretEncryptedMessage',
])

function reasonOf(field: string): 'undecryptable' | 'unknownType' {
  return encrypted.has(field) ? 'undecryptable' : 'unknownType'
}

/** The field that holds a message's content: the first that is known, else the first. */
function contentField(content: proto.IMessage): ContentField | undefined {
  const fields = (Object.keys(content) as ContentField[]).filter(
    (name) => content[name] !== null && content[name] !== undefined && !companions.has(name),
  )
  const known = fields.filter((name) => readerOf(name) !== undefined)
  return known.find((name) => content[name] !== '') ?? known[0] ?? fields[0]
}

/** Whether there is more in a message than keys for later ones. */
export function hasContent(message: WireMessage['message']): boolean {
  return contentField(unwrap(message ?? {}).content) !== undefined
}

function bodyOf({ message }: WireMessage): proto.IMessage {
  return typeof message === 'object' && message !== null ? message : {}
}

function wireTypeOf(message: WireMessage): string {
  return contentField(unwrap(bodyOf(message)).content) ?? 'none'
}
