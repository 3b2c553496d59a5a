import type { SessionReason } from '../schema/event/session.ts'

/** What the end of a WhatsApp connection means for the session. */
export type CloseKind = 'restart' | 'retry' | 'stop' | 'loggedOut'

export interface CloseCause {
  kind: CloseKind
  reason: SessionReason
  reasonText: string
}

const cause = (kind: CloseKind, reason: SessionReason, reasonText: string): CloseCause => ({
  kind,
  reason,
  reasonText,
})

const connectionLost = cause(
  'retry',
  'connectionLost',
  'The connection to WhatsApp was lost. ChatLink is connecting again by itself.',
)
const serverError = cause(
  'retry',
  'serverError',
  'WhatsApp answered with an error. ChatLink is connecting again by itself.',
)
const loggedOut = cause(
  'loggedOut',
  'loggedOutByPhone',
  'The phone has removed this linked device, or WhatsApp has. Start the session and scan a new QR.',
)
const refused = cause(
  'stop',
  'refused',
  'WhatsApp refused the connection. Start the session to try again; link it anew if that does not help.',
)

export const storageRefused = cause(
  'stop',
  'storageRefused',
  'The Worker refused several times what this session had to store. Look into the connector’s log, then start it again.',
)

/** Not the end of a connection: what the session's work did to its process, several times. */
export const stalled = {
  reason: 'stalled',
  reasonText:
    'Something that WhatsApp sent this session made its connector stand still, three times within an hour. Nothing of it was confirmed to WhatsApp. Look into the connector’s log, then start it again.',
} as const satisfies Omit<CloseCause, 'kind'>

export const qrExpired = cause(
  'stop',
  'qrExpired',
  'Nobody scanned the QR or typed the pairing code in time. Start the session to get a new one.',
)

const byCode: Record<number, CloseCause> = {
  515: cause('restart', 'serverRestart', 'WhatsApp asked to connect again. ChatLink is doing so by itself.'),
  428: connectionLost,
  408: connectionLost,
  440: cause(
    'stop',
    'replaced',
    'The same linked device connected from somewhere else. Make sure that nobody else uses it, then start the session.',
  ),
  401: loggedOut,
  419: loggedOut,
  402: cause(
    'stop',
    'temporarilyBanned',
    'WhatsApp has banned this number for a while. Wait until the phone works again, then start the session.',
  ),
  403: cause(
    'stop',
    'banned',
    'WhatsApp has banned or blocked this number. See on the phone what WhatsApp says.',
  ),
  405: cause(
    'stop',
    'clientOutdated',
    'WhatsApp refuses this version of the client. ChatLink has to be updated.',
  ),
  406: refused,
  409: refused,
  411: cause(
    'stop',
    'multiDeviceMismatch',
    'WhatsApp says that this number cannot have linked devices. Update WhatsApp on the phone, then link it anew.',
  ),
}

/** So often within `replacementWindowMs` a connection may be replaced before the session gives way. */
const maxReplacements = 3
const replacementWindowMs = 120_000

/**
 * Tells who has opened the same linked device a second time. A connector that was slow or frozen may do so for a moment
 * after its session went elsewhere: it finds out that it is superseded and ends, so the owner simply connects again (its
 * login waits until the Session has confirmed its epoch). Whoever goes on replacing the connection is somebody else.
 */
export class Replacements {
  #times: number[] = []

  judge(cause: CloseCause, now: number): CloseCause {
    if (cause.reason !== 'replaced') return cause
    this.#times = this.#times.filter((time) => time > now - replacementWindowMs)
    this.#times.push(now)
    return this.#times.length > maxReplacements ? cause : connectionLost
  }
}

/**
 * Reads the code and message with which Baileys ends a connection. The end of the QRs has the code of a lost connection;
 * only its message, and that the account was not linked, tell them apart. A WebSocket that did not come about may have
 * the code of an HTTP answer, which is nothing that WhatsApp says of the account.
 */
export function readClose(code: number, message: string, isLinked: boolean): CloseCause {
  if (message.startsWith('WebSocket Error')) return connectionLost
  if (code === 408 && !isLinked && message.includes('QR refs')) return qrExpired
  return byCode[code] ?? serverError
}
