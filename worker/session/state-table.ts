import type { SessionAction, SessionState } from '../../schema/event/session.ts'

/**
 * The life of a session, as a total table: every state answers every input.
 *
 *   stopped, loggedOut --start--> starting --qr--> qr --connected--> connected <--> reconnecting
 *   any of the active four --stopped--> stopped, --loggedOut--> loggedOut (keys erased)
 *
 * `start stop logout destroy` come from the API; `qr connected reconnecting stopped loggedOut` are a connector's reports;
 * `takenOver` means that another connector has begun to run the session. A cell without `state` keeps the state.
 * `action` is told to subscribers as a `sessionUpdate`. `ask` cannot be done here: the connector is asked, and its
 * report does it (without a connector the object applies the report itself).
 */
export type SessionInput =
  | 'start'
  | 'stop'
  | 'logout'
  | 'destroy'
  | 'takenOver'
  | 'qr'
  | 'connected'
  | 'reconnecting'
  | 'stopped'
  | 'loggedOut'

export interface Cell {
  readonly state?: SessionState
  readonly action?: SessionAction
  readonly ask?: 'stop' | 'logout'
}

const keep: Cell = {}

const active = {
  start: keep,
  stop: { ask: 'stop' },
  logout: { ask: 'logout' },
  destroy: { ask: 'logout' },
  takenOver: keep,
  qr: { state: 'qr', action: 'newQR' },
  connected: { state: 'connected', action: 'connected' },
  reconnecting: { state: 'reconnecting' },
  stopped: { state: 'stopped', action: 'stopped' },
  loggedOut: { state: 'loggedOut', action: 'loggedOut' },
} satisfies Record<SessionInput, Cell>

const resting = {
  start: { state: 'starting', action: 'started' },
  stop: keep,
  logout: { state: 'loggedOut', action: 'loggedOut' },
  destroy: { action: 'destroyed' },
  takenOver: keep,
  qr: keep,
  connected: keep,
  reconnecting: keep,
  stopped: keep,
  loggedOut: { state: 'loggedOut', action: 'loggedOut' },
} satisfies Record<SessionInput, Cell>

export const stateTable: Record<SessionState, Record<SessionInput, Cell>> = {
  starting: active,
  qr: { ...active, takenOver: { state: 'starting' } },
  connected: { ...active, connected: keep, takenOver: { state: 'reconnecting' } },
  reconnecting: { ...active, reconnecting: keep },
  stopped: resting,
  loggedOut: { ...resting, logout: keep, loggedOut: keep },
}

/** Whether a connector is to run a session in this state. */
export function isActive(state: SessionState): boolean {
  return state !== 'stopped' && state !== 'loggedOut'
}
