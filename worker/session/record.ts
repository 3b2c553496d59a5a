import type { SessionReason, SessionState } from '../../schema/event/session.ts'
import type { SessionRef } from '../../schema/link.ts'
import { defaultSettings, type SessionSettings } from '../session-settings.ts'

/** What a session remembers about itself: one small row, rewritten when its state changes, never per message. */
export interface SessionRecord {
  ref: SessionRef
  name: string | null
  settings: SessionSettings
  createdAt: number
  state: SessionState
  reason: SessionReason | null
  reasonText: string | null
  number: string | null
  lid: string | null
  accountName: string | null
  qr: string | null
  /** Milliseconds. */
  qrExpiresAt: number | null
  connectedAt: number | null
  /** What the connector has been asked for and has not reported yet. */
  desire: 'run' | 'stop' | 'logout'
  askedAt: number | null
  /** Start again as soon as what was asked for is done. */
  startAgain: boolean
  destroying: boolean
  destroyedAt: number | null
  /** Grows with every new owner; commits of another epoch are refused. */
  epoch: number
  idConnector: string | null
  /** What the Fleet has acknowledged. */
  fleetKnows: 'nothing' | 'wanted' | 'released'
  /** Version of the subscriptions that the Tenant sent. */
  version: number
  invalidCount: number
  /** When what is older than the retention was last forgotten. */
  tidiedAt: number
}

/** A session that has just been made: at rest, owned by nobody. */
export function makeRecord(
  ref: SessionRef,
  { name, settings, now }: Pick<SessionRecord, 'name' | 'settings'> & { now: number },
): SessionRecord {
  return {
    ref,
    name,
    settings,
    createdAt: now,
    state: 'stopped',
    reason: null,
    reasonText: null,
    number: null,
    lid: null,
    accountName: null,
    qr: null,
    qrExpiresAt: null,
    connectedAt: null,
    desire: 'run',
    askedAt: null,
    startAgain: false,
    destroying: false,
    destroyedAt: null,
    epoch: 0,
    idConnector: null,
    fleetKnows: 'nothing',
    version: 0,
    invalidCount: 0,
    tidiedAt: now,
  }
}

/** Reads the record; null in an object that was never configured. */
export function readRecord(sql: SqlStorage): SessionRecord | null {
  const row = sql.exec<{ record: string }>('SELECT record FROM session').toArray()[0]
  if (!row) return null
  const record = JSON.parse(row.record) as SessionRecord
  return { ...record, settings: { ...defaultSettings, ...record.settings } }
}

/** Writes the record. */
export function writeRecord(sql: SqlStorage, record: SessionRecord): void {
  sql.exec('INSERT OR REPLACE INTO session (id, record) VALUES (1, ?)', JSON.stringify(record))
}
