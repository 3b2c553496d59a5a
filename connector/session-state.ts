import type { CloseKind } from './close-cause.ts'

/**
 * The life of a session in one connector, as a total table State × Event: pure, so that every cell is there and can be
 * tested. `session.ts` carries the effects out.
 *
 *   attaching --attached--> opening --qr--> pairing --opened--> open          (opening --opened--> open)
 *
 *   opening, pairing, open --closed--> waiting --retryDue--> opening          (pairing, waiting --codeWanted--> opening)
 *   opening, pairing, open --heldTooLong--> holding --caughtUp--> opening
 *   any of them --closed for good, stopWanted, logoutWanted, released--> ending --flushed--> ended
 *   any of them --superseded--> ended
 *
 * - attaching: the link is not there yet, or begins anew. No WhatsApp socket.
 * - opening, pairing, open: a WhatsApp socket exists; pairing shows QRs.
 * - waiting: the next try has its time. holding: the Worker did not answer in time; WhatsApp is opened again when
 *   everything recorded has been acknowledged.
 * - ending: all is said, the last commit is on its way. ended: nothing happens any more.
 *
 * Guaranteed: at most one WhatsApp socket; none without an attached link; after `superseded` not one more byte.
 */
export const states = [
  'attaching',
  'opening',
  'pairing',
  'open',
  'waiting',
  'holding',
  'ending',
  'ended',
] as const
export type State = (typeof states)[number]

export const eventNames = [
  'attached',
  'caughtUp',
  'qr',
  'opened',
  'closedRestart',
  'closedRetry',
  'closedStop',
  'closedLoggedOut',
  'heldTooLong',
  'retryDue',
  'codeWanted',
  'stopWanted',
  'logoutWanted',
  'released',
  'superseded',
  'flushed',
] as const
export type EventName = (typeof eventNames)[number]

export type Effect =
  /** Open a WhatsApp socket. */
  | 'open'
  /** Drop the WhatsApp socket without another byte. */
  | 'drop'
  /** Close the WhatsApp socket politely. */
  | 'close'
  /** Ask WhatsApp to remove this device, then close. */
  | 'unlink'
  | 'retryNow'
  /** Try again after the backoff. */
  | 'retryLater'
  | 'reportQr'
  | 'reportConnected'
  /** Only for an account that is linked, and not twice in a row. */
  | 'reportReconnecting'
  | 'reportStopped'
  | 'reportStoppedAsked'
  | 'reportLoggedOut'
  | 'reportLoggedOutAsked'
  /** Send what is still unacknowledged, then `flushed`. */
  | 'flush'
  /** Forget keys, end the link, tell the fleet. */
  | 'leave'

interface Cell {
  to: State
  effects: Effect[]
}

const cell = (to: State, ...effects: Effect[]): Cell => ({ to, effects })
const stay = (state: State): Cell => ({ to: state, effects: [] })

/** Ends that are the same wherever a socket may be open. */
const ends = {
  stopWanted: cell('ending', 'close', 'reportStoppedAsked', 'flush'),
  released: cell('ending', 'close', 'flush'),
  superseded: cell('ended', 'drop', 'leave'),
}
const closedForGood = {
  closedStop: cell('ending', 'reportStopped', 'flush'),
  closedLoggedOut: cell('ending', 'reportLoggedOut', 'flush'),
}

const table: Record<State, Record<EventName, Cell>> = {
  attaching: {
    attached: cell('opening', 'open'),
    caughtUp: stay('attaching'),
    qr: stay('attaching'),
    opened: stay('attaching'),
    closedRestart: stay('attaching'),
    closedRetry: stay('attaching'),
    closedStop: stay('attaching'),
    closedLoggedOut: stay('attaching'),
    heldTooLong: stay('attaching'),
    retryDue: stay('attaching'),
    codeWanted: stay('attaching'),
    stopWanted: stay('attaching'),
    logoutWanted: stay('attaching'),
    released: cell('ended', 'leave'),
    superseded: cell('ended', 'leave'),
    flushed: stay('attaching'),
  },
  opening: {
    ...ends,
    ...closedForGood,
    attached: cell('opening', 'drop', 'open'),
    caughtUp: stay('opening'),
    qr: cell('pairing', 'reportQr'),
    opened: cell('open', 'reportConnected'),
    closedRestart: cell('waiting', 'retryNow'),
    closedRetry: cell('waiting', 'reportReconnecting', 'retryLater'),
    heldTooLong: cell('holding', 'drop', 'reportReconnecting'),
    retryDue: stay('opening'),
    codeWanted: stay('opening'),
    logoutWanted: cell('ending', 'unlink', 'reportLoggedOutAsked', 'flush'),
    flushed: stay('opening'),
  },
  pairing: {
    ...ends,
    ...closedForGood,
    attached: cell('opening', 'drop', 'open'),
    caughtUp: stay('pairing'),
    qr: cell('pairing', 'reportQr'),
    opened: cell('open', 'reportConnected'),
    closedRestart: cell('waiting', 'retryNow'),
    closedRetry: cell('waiting', 'retryLater'),
    heldTooLong: cell('holding', 'drop'),
    retryDue: stay('pairing'),
    codeWanted: cell('opening', 'drop', 'open'),
    logoutWanted: cell('ending', 'close', 'reportLoggedOutAsked', 'flush'),
    flushed: stay('pairing'),
  },
  open: {
    ...ends,
    ...closedForGood,
    attached: cell('opening', 'drop', 'open'),
    caughtUp: stay('open'),
    qr: stay('open'),
    opened: stay('open'),
    closedRestart: cell('waiting', 'reportReconnecting', 'retryNow'),
    closedRetry: cell('waiting', 'reportReconnecting', 'retryLater'),
    heldTooLong: cell('holding', 'drop', 'reportReconnecting'),
    retryDue: stay('open'),
    codeWanted: stay('open'),
    logoutWanted: cell('ending', 'unlink', 'reportLoggedOutAsked', 'flush'),
    flushed: stay('open'),
  },
  waiting: {
    ...ends,
    attached: cell('opening', 'open'),
    caughtUp: stay('waiting'),
    qr: stay('waiting'),
    opened: stay('waiting'),
    closedRestart: stay('waiting'),
    closedRetry: stay('waiting'),
    closedStop: stay('waiting'),
    closedLoggedOut: stay('waiting'),
    heldTooLong: stay('waiting'),
    retryDue: cell('opening', 'open'),
    codeWanted: cell('opening', 'open'),
    logoutWanted: cell('ending', 'close', 'reportLoggedOutAsked', 'flush'),
    flushed: stay('waiting'),
  },
  holding: {
    ...ends,
    attached: cell('opening', 'open'),
    caughtUp: cell('opening', 'open'),
    qr: stay('holding'),
    opened: stay('holding'),
    closedRestart: stay('holding'),
    closedRetry: stay('holding'),
    closedStop: stay('holding'),
    closedLoggedOut: stay('holding'),
    heldTooLong: stay('holding'),
    retryDue: stay('holding'),
    codeWanted: stay('holding'),
    logoutWanted: cell('ending', 'close', 'reportLoggedOutAsked', 'flush'),
    flushed: stay('holding'),
  },
  ending: {
    attached: stay('ending'),
    caughtUp: stay('ending'),
    qr: stay('ending'),
    opened: stay('ending'),
    closedRestart: stay('ending'),
    closedRetry: stay('ending'),
    closedStop: stay('ending'),
    closedLoggedOut: stay('ending'),
    heldTooLong: stay('ending'),
    retryDue: stay('ending'),
    codeWanted: stay('ending'),
    stopWanted: stay('ending'),
    logoutWanted: stay('ending'),
    released: stay('ending'),
    superseded: cell('ended', 'drop', 'leave'),
    flushed: cell('ended', 'drop', 'leave'),
  },
  ended: {
    attached: stay('ended'),
    caughtUp: stay('ended'),
    qr: stay('ended'),
    opened: stay('ended'),
    closedRestart: stay('ended'),
    closedRetry: stay('ended'),
    closedStop: stay('ended'),
    closedLoggedOut: stay('ended'),
    heldTooLong: stay('ended'),
    retryDue: stay('ended'),
    codeWanted: stay('ended'),
    stopWanted: stay('ended'),
    logoutWanted: stay('ended'),
    released: stay('ended'),
    superseded: stay('ended'),
    flushed: stay('ended'),
  },
}

/** What the session does next, and what is to be done for it. */
export function step(state: State, event: EventName): Cell {
  return table[state][event]
}

export const closedEvent = {
  restart: 'closedRestart',
  retry: 'closedRetry',
  stop: 'closedStop',
  loggedOut: 'closedLoggedOut',
} as const satisfies Record<CloseKind, EventName>
