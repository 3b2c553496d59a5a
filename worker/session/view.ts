import type { MessageStatus } from '../../schema/event/change.ts'
import type { SessionReason, SessionState } from '../../schema/event/session.ts'
import { fail, succeed, type Result } from '../result.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { StoredCommand } from './commands.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import type { Waiting } from './waiting.ts'

/** What the API shows of a session; times in milliseconds. */
export interface SessionView extends SessionSettings, Waiting {
  idSession: string
  name: string | null
  state: SessionState
  /** Sequence of the newest event. */
  sequence: number
  number: string | null
  lid: string | null
  accountName: string | null
  reason: SessionReason | null
  reasonText: string | null
  createdAt: number
  connectedAt: number | null
  /** Who runs it now; null when no connector is linked. */
  idConnector: string | null
  invalidEvents: number
  heldEvents: number
  queuedMessages: number
  isDestroying: boolean
}

/**
 * Shows a session. Without a link a connected session is shown as reconnecting: that is what it will say of itself. One
 * whose QR nobody waits for any more is shown as starting: the next connector brings another.
 */
export function viewSession(
  store: SessionStore,
  record: SessionRecord,
  isLinked: boolean,
  waiting: Waiting,
): SessionView {
  return {
    idSession: record.ref.idSession,
    name: record.name,
    state: stateOf(record, isLinked),
    sequence: store.log.head,
    number: record.number,
    lid: record.lid,
    accountName: record.accountName,
    reason: record.reason,
    reasonText: record.reasonText,
    createdAt: record.createdAt,
    connectedAt: record.connectedAt,
    idConnector: isLinked ? record.idConnector : null,
    invalidEvents: record.invalidCount,
    heldEvents: store.held.size,
    queuedMessages: store.commands.countQueued(),
    ...record.settings,
    ...waiting,
    isDestroying: record.destroying,
  }
}

function stateOf({ state }: SessionRecord, isLinked: boolean): SessionState {
  if (isLinked) return state
  if (state === 'qr') return 'starting'
  return state === 'connected' ? 'reconnecting' : state
}

/** What is to be scanned with the phone. */
export interface QrView {
  qr: string
  expiresAt: number
}

/** Shows the QR code, or says why there is none. */
export function viewQr(
  { qr, qrExpiresAt }: SessionRecord,
  { state, waitingText }: SessionView,
  now: number,
): Result<QrView, 'noQr'> {
  if (state !== 'qr' || qr === null || qrExpiresAt === null || qrExpiresAt <= now) {
    const advice = waitingText ?? 'One comes within seconds of a start.'
    return fail('noQr', `There is no QR code to scan now: the session is ${state}. ${advice}`)
  }
  return succeed({ qr, expiresAt: qrExpiresAt })
}

/** What the API shows of a message that was to be sent. */
export interface MessageView extends Waiting {
  idMessage: string
  status: 'queued' | MessageStatus
  createdAt: number
  finishedAt: number | null
  to: string
  messageType: string
  errorCode?: string
  errorText?: string
}

/** Shows a message; one that waits shows why no connector runs its session. */
export function viewMessage(stored: StoredCommand, waiting: Waiting): MessageView {
  const { command, status, createdAt, finishedAt, outcome, delivery } = stored
  const { errorCode, errorText } = outcome
  return {
    idMessage: command.idMessage,
    status: status === 'done' ? (delivery ?? 'sent') : status,
    createdAt,
    finishedAt,
    to: command.message.to,
    messageType: command.message.messageType,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(errorText === undefined ? {} : { errorText }),
    ...(status === 'queued' ? waiting : {}),
  }
}
