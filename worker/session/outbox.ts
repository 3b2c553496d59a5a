import { maxQueuedMessages } from '../../schema/api/message.ts'
import type { SendableMessage } from '../../schema/outgoing.ts'
import { randomHex } from '../random-id.ts'
import { fail, type Failure } from '../result.ts'
import { addDraft, makeOwn, type Change } from './change.ts'
import { isActive } from './state-table.ts'
import type { StoredCommand } from './commands.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'

export type SendRefusal = 'sessionNotConnected' | 'idempotencyConflict' | 'tooManyQueued' | 'notOnWhatsApp'

/**
 * Stores a message to be sent. WhatsApp's own id of it is fixed here, so however often it is told to connectors, the
 * recipient sees one message.
 */
export function queueMessage(
  store: SessionStore,
  change: Change,
  record: SessionRecord,
  message: SendableMessage,
  key: { key: string; bodyHash: string } | null,
): { ok: true; idMessage: string } | Failure<SendRefusal> {
  const { commands } = store
  const known = key ? commands.recall(key.key) : null
  if (known && known.bodyHash !== key?.bodyHash) {
    return fail(
      'idempotencyConflict',
      'This Idempotency-Key was used for another message. Use a new key for a new message.',
    )
  }
  if (known) return { ok: true, idMessage: known.idCommand }
  const refusal = refuseSending(store, record)
  if (refusal) return refusal
  const idMessage = `3EB0${randomHex(9).toUpperCase()}`
  const { expiresAfterSeconds } = message
  const lifetimeMs = expiresAfterSeconds === undefined ? timing.commandLifetimeMs : expiresAfterSeconds * 1000
  commands.add(idMessage, { kind: 'sendMessage', idMessage, message }, { now: change.now, lifetimeMs })
  if (key) commands.remember(key.key, key.bodyHash, idMessage, change.now)
  return { ok: true, idMessage }
}

/** Why the session takes no message now, if so. */
export function refuseSending(
  { commands }: SessionStore,
  record: SessionRecord,
): Failure<SendRefusal> | null {
  if (!isActive(record.state) || record.state === 'qr' || record.desire !== 'run') {
    return fail(
      'sessionNotConnected',
      `The session is ${record.state === 'qr' ? 'waiting for its QR code to be scanned' : record.state}. Start and link it, then send again.`,
    )
  }
  if (commands.countQueued() >= maxQueuedMessages) {
    return fail(
      'tooManyQueued',
      `${maxQueuedMessages} messages wait to be sent already. Send again when some have gone.`,
    )
  }
  return null
}

const failures = {
  expired: 'The message waited too long for a connection to WhatsApp and was not sent.',
  expiredUnknown:
    'The message was handed to a connector that did not tell in time what became of it. Most likely it was not sent; should it have been, a receipt will show it as delivered. Look before you send it again.',
  cancelled: 'The message was taken back before it was sent.',
  notOnWhatsApp: 'The number is not on WhatsApp. Check it, with its country code.',
} as const

/** Ends a message that has not gone, and says so to subscribers; `more` adds to the reason's own text. */
export function failMessage(
  store: SessionStore,
  change: Change,
  record: SessionRecord,
  { idCommand, command, told }: StoredCommand,
  errorCode: Exclude<keyof typeof failures, 'expiredUnknown'>,
  more?: string,
): void {
  const text = failures[errorCode === 'expired' && told > 0 ? 'expiredUnknown' : errorCode]
  const errorText = more === undefined ? text : `${text} ${more}`
  store.commands.finish(idCommand, 'failed', change.now, { errorCode, errorText })
  change.finished.push(idCommand)
  const status = makeOwn(record.ref.idSession, 'messageStatus', {
    senderNumber: command.message.to,
    messageTimestamp: Math.floor(change.now / 1000),
    idMessage: command.idMessage,
    status: 'failed',
    errorCode,
    errorText,
  })
  addDraft(change, status)
}

/** Fails the messages that waited too long; `why` no connector ran the session, if that is so. */
export function expireMessages(
  store: SessionStore,
  change: Change,
  record: SessionRecord,
  why: string | undefined,
): void {
  for (const command of store.commands.expired(change.now))
    failMessage(store, change, record, command, 'expired', why)
}
