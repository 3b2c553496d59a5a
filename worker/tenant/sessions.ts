import type { SessionRef } from '../../schema/link.ts'
import type { Origin } from '../idempotency.ts'
import { cutPage, readCursor } from '../row-page.ts'
import { defaultSettings, type SessionSettings } from '../session-settings.ts'

/**
 * A tenant's sessions, and how far each has the configuration. A deleted session keeps its row, without its name, until
 * its object has erased itself: so the name is free at once, and the old object still hears of changed subscriptions.
 */
export interface SessionRow {
  ref: SessionRef
  name: string | null
  settings: SessionSettings
  version: number
  isConfigured: boolean
  isLive: boolean
  isDestroyTold: boolean
  /** Of the request that made it, when that had an `Idempotency-Key`. */
  requestHash: string | null
}

type Row = {
  position: number
  id_object: string
  id_session: string
  live_name: string | null
  name: string | null
  settings: string
  version: number
  configured_version: number
  is_destroy_told: number
  request_hash: string | null
}

const columns =
  'position, id_object, id_session, live_name, name, settings, version, configured_version, is_destroy_told, request_hash'

const statements = {
  add: `INSERT INTO sessions
    (id_object, id_session, live_name, name, settings, created_at, version, configured_version, is_destroy_told,
      origin_id, request_hash)
    VALUES (?1, ?2, ?2, ?3, ?4, ?5, 1, 0, 0, ?6, ?7)`,
  live: `SELECT ${columns} FROM sessions WHERE live_name = ?`,
  byOrigin: `SELECT ${columns} FROM sessions WHERE origin_id = ? AND live_name IS NOT NULL`,
  page: `SELECT ${columns} FROM sessions WHERE position > ? AND live_name IS NOT NULL ORDER BY position LIMIT ?`,
  all: `SELECT ${columns} FROM sessions ORDER BY position`,
  unfinished: `SELECT ${columns} FROM sessions
    WHERE configured_version < version OR (live_name IS NULL AND is_destroy_told = 0) ORDER BY position LIMIT ?`,
  update: 'UPDATE sessions SET name = ?2, settings = ?3, version = version + 1 WHERE live_name = ?1',
  touchAll: 'UPDATE sessions SET version = version + 1',
  touch: 'UPDATE sessions SET version = version + 1 WHERE id_session IN (SELECT value FROM json_each(?))',
  configured: 'UPDATE sessions SET configured_version = max(configured_version, ?2) WHERE id_object = ?1',
  depart: 'UPDATE sessions SET live_name = NULL WHERE live_name = ?',
  departAll: 'UPDATE sessions SET live_name = NULL',
  told: 'UPDATE sessions SET is_destroy_told = 1 WHERE id_object = ?',
  remove: 'DELETE FROM sessions WHERE id_object = ?',
} as const

export class TenantSessions {
  readonly #sql: SqlStorage
  readonly #idTenant: () => string

  constructor(sql: SqlStorage, idTenant: () => string) {
    this.#sql = sql
    this.#idTenant = idTenant
  }

  /** `settings`: those that are not to be the defaults. */
  add(
    idObject: string,
    idSession: string,
    made: {
      name: string | null
      settings: Partial<SessionSettings>
      now: number
      origin?: Origin<'ses'> | undefined
    },
  ): void {
    const { name, settings, now, origin } = made
    const { id = null, requestHash = null } = origin ?? {}
    this.#sql.exec(statements.add, idObject, idSession, name, JSON.stringify(settings), now, id, requestHash)
  }

  /** The session that was made under an `Idempotency-Key`, if there is one. */
  findByOrigin(idOrigin: string): SessionRow | null {
    const row = this.#sql.exec<Row>(statements.byOrigin, idOrigin).toArray()[0]
    return row ? this.#fromRow(row) : null
  }

  find(idSession: string): SessionRow | null {
    const row = this.#sql.exec<Row>(statements.live, idSession).toArray()[0]
    return row ? this.#fromRow(row) : null
  }

  /** Living sessions, oldest first. */
  page(limit: number, cursor: string | null): { rows: SessionRow[]; cursor: string | null } {
    const found = this.#sql.exec<Row>(statements.page, readCursor(cursor), limit + 1).toArray()
    const page = cutPage(found, limit)
    return { rows: page.rows.map((row) => this.#fromRow(row)), cursor: page.cursor }
  }

  /** All of them, those that are being deleted too. */
  all(): SessionRow[] {
    return this.#sql
      .exec<Row>(statements.all)
      .toArray()
      .map((row) => this.#fromRow(row))
  }

  /** Sessions that lack a configuration, or do not know yet that they are deleted. */
  unfinished(limit: number): SessionRow[] {
    return this.#sql
      .exec<Row>(statements.unfinished, limit)
      .toArray()
      .map((row) => this.#fromRow(row))
  }

  update(idSession: string, { name, settings }: Pick<SessionRow, 'name' | 'settings'>): void {
    this.#sql.exec(statements.update, idSession, name, JSON.stringify(settings))
  }

  /** Their configuration has changed; null means everybody's. */
  touch(idSessions: readonly string[] | null): void {
    if (idSessions === null) this.#sql.exec(statements.touchAll)
    else this.#sql.exec(statements.touch, JSON.stringify(idSessions))
  }

  markConfigured(idObject: string, version: number): void {
    this.#sql.exec(statements.configured, idObject, version)
  }

  /** Takes a session's name away: it is being deleted. */
  depart(idSession: string): void {
    this.#sql.exec(statements.depart, idSession)
  }

  departAll(): void {
    this.#sql.exec(statements.departAll)
  }

  markTold(idObject: string): void {
    this.#sql.exec(statements.told, idObject)
  }

  remove(idObject: string): void {
    this.#sql.exec(statements.remove, idObject)
  }

  #fromRow(row: Row): SessionRow {
    return {
      ref: { idTenant: this.#idTenant(), idSession: row.id_session, idObject: row.id_object },
      name: row.name,
      settings: { ...defaultSettings, ...(JSON.parse(row.settings) as Partial<SessionSettings>) },
      version: row.version,
      isConfigured: row.configured_version >= row.version,
      isLive: row.live_name !== null,
      isDestroyTold: row.is_destroy_told !== 0,
      requestHash: row.request_hash,
    }
  }
}
