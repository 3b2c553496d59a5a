import type { EventDraft } from '../../schema/event/event.ts'
import { migrate } from '../migrate.ts'
import { dispatcherMigrations } from './migrations.ts'
import type { AttemptError } from './outcome.ts'
import { DeadLetters } from './dead-letters.ts'
import {
  makeControl,
  type Attempt,
  type Control,
  type Delivered,
  type LaneRecord,
  type Missed,
  type Settings,
} from './record.ts'

/**
 * What a Dispatcher stores. Progress and the attempts of delivered events share one row per batch, and the rows are used
 * again in a ring, so that a lone event costs one row and its history is never deleted, only overwritten.
 */
export const ringSlots = 1024

/** How many batches, failing events and dead letters tell how an endpoint fares, after a restart. */
const latestRows = 8

export interface Progress {
  n: number
  cursor: number
  /** Sequences up to the cursor that are read but not settled, other than those in lanes. */
  open: number[]
}

const statements = {
  isThere: `SELECT count(*) AS tables FROM sqlite_master WHERE name = 'settings'`,
  settings: 'SELECT settings FROM settings',
  putSettings: 'INSERT OR REPLACE INTO settings (id, settings) VALUES (1, ?)',
  control: 'SELECT control FROM control',
  putControl: 'INSERT OR REPLACE INTO control (id, control) VALUES (1, ?)',
  progress: 'SELECT n, cursor, open FROM batches ORDER BY n DESC LIMIT 1',
  putBatch: 'INSERT OR REPLACE INTO batches (slot, n, cursor, open, at, delivered) VALUES (?, ?, ?, ?, ?, ?)',
  batches: `SELECT delivered FROM batches WHERE delivered <> '[]' ORDER BY n DESC LIMIT ?`,
  batchesWith: 'SELECT delivered FROM batches WHERE instr(delivered, ?) > 0 ORDER BY n DESC',
  lanes: `SELECT lane, position, sequence, id_event, attempts, next_at, since, is_told, last_status, last_error
    FROM lanes`,
  putLane: `INSERT INTO lanes (lane, position, sequence, id_event, attempts, next_at, since, is_told, last_status,
      last_error, history) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
    ON CONFLICT DO UPDATE SET position = ?2, sequence = ?3, id_event = ?4, attempts = ?5, next_at = ?6, since = ?7,
      is_told = ?8, last_status = ?9, last_error = ?10, history = ?11`,
  history: 'SELECT history FROM lanes WHERE lane = ?',
  latestFailing: `SELECT history FROM lanes WHERE sequence IS NOT NULL ORDER BY since DESC LIMIT ${latestRows}`,
  latestDead: `SELECT history FROM dead ORDER BY sequence DESC LIMIT ${latestRows}`,
  removeLane: 'DELETE FROM lanes WHERE lane = ?',
  missed: 'SELECT after, through, lane FROM missed ORDER BY id',
  clearMissed: 'DELETE FROM missed',
  putMissed: 'INSERT INTO missed (after, through, lane) VALUES (?, ?, ?)',
  notices: 'SELECT id_event, draft FROM notices ORDER BY id_event LIMIT 20',
  putNotice: 'INSERT OR IGNORE INTO notices (id_event, draft) VALUES (?, ?)',
  removeNotice: 'DELETE FROM notices WHERE id_event = ?',
  removeDisabledNotices: `DELETE FROM notices WHERE draft ->> '$.action' = 'disabled'`,
} as const

type LaneRow = {
  lane: string
  position: number
  sequence: number | null
  id_event: string | null
  attempts: number
  next_at: number | null
  since: number
  is_told: number
  last_status: number | null
  last_error: string | null
}

export class DispatcherStore {
  readonly dead: DeadLetters
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    this.dead = new DeadLetters(storage.sql)
  }

  /** Whether this object was ever configured; one that was not stores nothing at all. */
  get isThere(): boolean {
    return this.#sql.exec<{ tables: number }>(statements.isThere).one().tables > 0
  }

  open(): void {
    migrate(this.#storage, dispatcherMigrations)
  }

  /** Makes this object a Dispatcher: its events begin after `startAfter`. */
  begin(settings: Settings, now: number): void {
    this.change(() => {
      this.putSettings(settings)
      this.putBatch({ n: 0, cursor: settings.startAfter, open: [] }, now, [])
      if (settings.startAfter > 0)
        this.replaceMissed([{ after: 0, through: settings.startAfter, lane: null }])
    })
  }

  /** Everything has been erased. */
  forget(): void {
    this.dead.reload()
  }

  /** Makes all writes of `apply` one change. */
  change(apply: () => void): void {
    this.#storage.transactionSync(apply)
  }

  settings(): Settings | null {
    const row = this.#sql.exec<{ settings: string }>(statements.settings).toArray()[0]
    return row ? (JSON.parse(row.settings) as Settings) : null
  }

  putSettings(settings: Settings): void {
    this.#sql.exec(statements.putSettings, JSON.stringify(settings))
  }

  control(): Control {
    const row = this.#sql.exec<{ control: string }>(statements.control).toArray()[0]
    return row ? { ...makeControl(), ...(JSON.parse(row.control) as Control) } : makeControl()
  }

  putControl(control: Control): void {
    this.#sql.exec(statements.putControl, JSON.stringify(control))
  }

  progress(): Progress | null {
    const row = this.#sql.exec<{ n: number; cursor: number; open: string }>(statements.progress).toArray()[0]
    return row ? { n: row.n, cursor: row.cursor, open: JSON.parse(row.open) as number[] } : null
  }

  putBatch(progress: Progress, at: number, delivered: readonly Delivered[]): void {
    const { n, cursor, open } = progress
    const slot = n % ringSlots
    this.#sql.exec(statements.putBatch, slot, n, cursor, JSON.stringify(open), at, JSON.stringify(delivered))
  }

  /** The newest delivered events, newest batch first. */
  delivered(rows: number): Delivered[] {
    return this.#sql.exec<{ delivered: string }>(statements.batches, rows).toArray().flatMap(readDelivered)
  }

  /** The latest delivery of an event that is still remembered, with every attempt of it. */
  findDelivered(idEvent: string): Delivered | null {
    const rows = this.#sql.exec<{ delivered: string }>(statements.batchesWith, `"${idEvent}"`).toArray()
    const found = rows.flatMap(readDelivered).filter((one) => one.idEvent === idEvent)
    const [newest] = found
    if (!newest) return null
    return { ...newest, attempts: found.reverse().flatMap(({ attempts }) => attempts) }
  }

  lanes(): LaneRecord[] {
    return this.#sql
      .exec<LaneRow>(statements.lanes)
      .toArray()
      .map((row) => ({
        lane: row.lane,
        position: row.position,
        sequence: row.sequence,
        idEvent: row.id_event,
        attempts: row.attempts,
        nextAt: row.next_at,
        since: row.since,
        isTold: row.is_told === 1,
        lastStatus: row.last_status,
        lastError: row.last_error as AttemptError | null,
      }))
  }

  putLane(lane: LaneRecord, history: readonly Attempt[]): void {
    this.#sql.exec(
      statements.putLane,
      lane.lane,
      lane.position,
      lane.sequence,
      lane.idEvent,
      lane.attempts,
      lane.nextAt,
      lane.since,
      lane.isTold ? 1 : 0,
      lane.lastStatus,
      lane.lastError,
      JSON.stringify(history),
    )
  }

  /** The attempts of the event that fails in this lane. */
  history(lane: string): Attempt[] {
    const row = this.#sql.exec<{ history: string }>(statements.history, lane).toArray()[0]
    return row ? (JSON.parse(row.history) as Attempt[]) : []
  }

  /** The latest attempts of all, as far as a few rows of each kind tell them; oldest first. */
  latestAttempts(): Attempt[] {
    const histories = [statements.latestFailing, statements.latestDead]
      .flatMap((statement) => this.#sql.exec<{ history: string }>(statement).toArray())
      .flatMap(({ history }) => JSON.parse(history) as Attempt[])
    const delivered = this.delivered(latestRows).flatMap(({ attempts }) => attempts)
    return [...histories, ...delivered].sort((one, other) => one.at - other.at)
  }

  removeLane(lane: string): void {
    this.#sql.exec(statements.removeLane, lane)
  }

  missed(): Missed[] {
    return this.#sql.exec<Missed & Record<string, SqlStorageValue>>(statements.missed).toArray()
  }

  replaceMissed(missed: readonly Missed[]): void {
    this.#sql.exec(statements.clearMissed)
    for (const { after, through, lane } of missed) this.#sql.exec(statements.putMissed, after, through, lane)
  }

  notices(): { idEvent: string; draft: EventDraft }[] {
    return this.#sql
      .exec<{ id_event: string; draft: string }>(statements.notices)
      .toArray()
      .map((row) => ({ idEvent: row.id_event, draft: JSON.parse(row.draft) as EventDraft }))
  }

  putNotice(draft: EventDraft): void {
    this.#sql.exec(statements.putNotice, draft.idEvent, JSON.stringify(draft))
  }

  removeNotice(idEvent: string): void {
    this.#sql.exec(statements.removeNotice, idEvent)
  }

  removeDisabledNotices(): void {
    this.#sql.exec(statements.removeDisabledNotices)
  }
}

function readDelivered(row: { delivered: string }): Delivered[] {
  return (JSON.parse(row.delivered) as Delivered[]).reverse()
}
