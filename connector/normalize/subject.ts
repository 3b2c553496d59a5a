import type { EventDraft, MessageType } from '../../schema/event/event.ts'
import type { IdEvent, Jid } from '../../schema/id.ts'
import type { proto } from '../baileys.ts'
import { isStatus, type Place } from './address.ts'
import { readQuoted, readMentions, type Quoted } from './quote.ts'
import type { NormalizeContext, NormalizedMessage, WireKey } from './wire-message.ts'
import { toLabel, withoutAbsent } from './value.ts'

/** A message on its way to its event: all that does not depend on the content's type. */
export interface Subject {
  context: NormalizeContext
  key: WireKey
  place: Place
  idEvent: IdEvent
  idMessage: string
  senderName: string
  messageTimestamp: number
  isViewOnce: boolean
}

interface CommonFields {
  idSession: string
  idEvent: IdEvent
  senderNumber: Jid
  senderName: string
  messageTimestamp: number
  isMessageFromGroup: boolean
  idMessage: string
  participant?: Jid
  lid?: Jid
  quoted?: Quoted
  mentions?: Jid[]
  isForwarded?: boolean
  isViewOnce?: boolean
  isFromMe?: boolean
  isHistory?: boolean
}

type DraftOf<Type extends MessageType> = Extract<EventDraft, { messageType: Type }>

/** What a type of message has besides what all messages have. */
export type OwnFields<Type extends MessageType> = Omit<
  DraftOf<Type>,
  keyof CommonFields | 'messageType' | 'isTest'
>

/** The event of a message: the fields of all messages, and those of its type. */
export function makeMessage<Type extends MessageType>(
  subject: Subject,
  messageType: Type,
  contextInfo: proto.IContextInfo | null | undefined,
  fields: OwnFields<Type>,
): NormalizedMessage {
  const { idSession, ...common } = readCommon(subject, contextInfo)
  return { draft: { idSession, messageType, ...common, ...fields } as unknown as EventDraft }
}

function readCommon(subject: Subject, contextInfo: proto.IContextInfo | null | undefined): CommonFields {
  const { context, place } = subject
  const { chat, author, isGroup, isFromMe } = place
  const isShared = isGroup || isStatus(chat.jid)
  const isForwarded = contextInfo?.isForwarded === true || (contextInfo?.forwardingScore ?? 0) > 0
  return withoutAbsent({
    idSession: context.idSession,
    idEvent: subject.idEvent,
    senderNumber: chat.jid,
    senderName: subject.senderName,
    messageTimestamp: subject.messageTimestamp,
    isMessageFromGroup: isGroup,
    idMessage: subject.idMessage,
    participant: isShared ? author?.jid : undefined,
    lid: isShared ? author?.lid : chat.lid,
    quoted: readQuoted(contextInfo, context),
    mentions: readMentions(contextInfo, context),
    isForwarded: isForwarded || undefined,
    isViewOnce: subject.isViewOnce || undefined,
    isFromMe: isFromMe || undefined,
    isHistory: context.isHistory || undefined,
  })
}

type UnsupportedReason = OwnFields<'unsupportedMessage'>['unsupportedReason']

/** The event of what has none of its own: nothing that WhatsApp delivers vanishes. */
export function makeUnsupported(
  subject: Subject,
  wireType: string,
  unsupportedReason: UnsupportedReason,
): NormalizedMessage {
  const name = toLabel(wireType) ?? 'none'
  return makeMessage(subject, 'unsupportedMessage', undefined, { wireType: name, unsupportedReason })
}
