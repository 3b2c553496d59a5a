import { proto } from '../baileys.ts'
import { makeGroupUpdate } from './group-change.ts'
import { makeMessage, makeUnsupported, type Subject } from './subject.ts'
import { readOwnTarget, readTarget } from './target.ts'
import { textOf } from './text.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { toCount } from './value.ts'

const { Type } = proto.Message.ProtocolMessage

/** What the account's own devices say to each other, and what WhatsApp's servers tell clients: nobody's message. */
const silent = new Set<number>([
  Type.EPHEMERAL_SYNC_RESPONSE,
  Type.HISTORY_SYNC_NOTIFICATION,
  Type.APP_STATE_SYNC_KEY_SHARE,
  Type.APP_STATE_SYNC_KEY_REQUEST,
  Type.MSG_FANOUT_BACKFILL_REQUEST,
  Type.INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC,
  Type.APP_STATE_FATAL_EXCEPTION_NOTIFICATION,
  Type.PEER_DATA_OPERATION_REQUEST_MESSAGE,
  Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
  Type.MEDIA_NOTIFY_MESSAGE,
  Type.LID_MIGRATION_MAPPING_SYNC,
  Type.AI_PSI_METADATA,
  Type.AI_QUERY_FANOUT,
])

/** Nobody but the account's own phone may say these; Baileys does not listen then. */
export const fromOwnPhone: ReadonlySet<number | null | undefined> = new Set([
  Type.HISTORY_SYNC_NOTIFICATION,
  Type.APP_STATE_SYNC_KEY_SHARE,
  Type.LID_MIGRATION_MAPPING_SYNC,
  Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
])

/** A message about messages or about the protocol itself. An absent type is a revocation, as protobuf has it. */
export function readProtocol(
  protocol: proto.Message.IProtocolMessage,
  subject: Subject,
): NormalizedMessage | null {
  const type = protocol.type ?? Type.REVOKE
  if (fromOwnPhone.has(type) && !subject.place.isFromMe)
    return makeUnsupported(subject, Type[type], 'malformed')
  if (silent.has(type)) return null
  if (type === Type.REVOKE) return readRevocation(protocol, subject)
  if (type === Type.MESSAGE_EDIT) return readEdit(protocol, subject)
  if (type === Type.EPHEMERAL_SETTING) return readEphemeralSetting(protocol, subject)
  return makeUnsupported(subject, Type[type] ?? `protocolMessage ${String(type)}`, 'unknownType')
}

/** In a direct chat one can only delete what one wrote; in a group administrators delete others' messages too. */
function readRevocation({ key }: proto.Message.IProtocolMessage, subject: Subject): NormalizedMessage {
  const read = subject.place.isGroup ? readTarget : readOwnTarget
  const targetMessage = read(key, subject)
  if (targetMessage === undefined) return makeUnsupported(subject, 'REVOKE', 'malformed')
  return makeMessage(subject, 'revokedMessage', undefined, { targetMessage })
}

function readEdit(
  { key, editedMessage }: proto.Message.IProtocolMessage,
  subject: Subject,
): NormalizedMessage {
  const targetMessage = readOwnTarget(key, subject)
  if (targetMessage === undefined) return makeUnsupported(subject, 'MESSAGE_EDIT', 'malformed')
  const contextInfo = editedMessage?.extendedTextMessage?.contextInfo
  return makeMessage(subject, 'editedMessage', contextInfo, { targetMessage, value: textOf(editedMessage) })
}

/** Disappearing messages were switched: told of groups, where it is a setting that all see. */
function readEphemeralSetting(
  { ephemeralExpiration }: proto.Message.IProtocolMessage,
  subject: Subject,
): NormalizedMessage | null {
  if (!subject.place.isGroup) return null
  return makeGroupUpdate(subject, 'ephemeral', String(toCount(ephemeralExpiration) ?? 0))
}
