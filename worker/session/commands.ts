import type { MessageStatus } from '../../schema/event/change.ts'
import type { SendCommand } from '../../schema/command.ts'

/**
 * What the API asked the connector to do. A command is told again to every new link until a report ends it or it
 * expires; a report that comes after the expiry still counts, because what WhatsApp did is what happened.
 */
export interface CommandOutcome {
  errorCode?: string | undefined
  errorText?: string | undefined
  result?: Record<string, unknown> | undefined
}

export interface StoredCommand {
  idCommand: string
  status: 'queued' | 'done' | 'failed'
  createdAt: number
  finishedAt: number | null
  expiresAt: number
  /** Epoch of the first connector that was told of it; 0 while none was. */
  told: number
  command: SendCommand
  outcome: CommandOutcome
  /** The furthest that the message has got with anybody since WhatsApp took it. */
  delivery: Delivery | null
}

export type Delivery = Exclude<MessageStatus, 'sent' | 'failed'>

const deliveries: readonly MessageStatus[] = ['delivered', 'read', 'played']

type Row = {
  id_command: string
  status: string
  created_at: number
  finished_at: number | null
  expires_at: number
  told: number
  command: string
  outcome: string | null
  delivery: string | null
}

const columns = 'id_command, status, created_at, finished_at, expires_at, told, command, outcome, delivery'
const statements = {
  add: `INSERT INTO commands (id_command, created_at, expires_at, status, command) VALUES (?, ?, ?, 'queued', ?)`,
  get: `SELECT ${columns} FROM commands WHERE id_command = ?`,
  queued: `SELECT ${columns} FROM commands WHERE status = 'queued' AND created_at > ?2 ORDER BY created_at LIMIT ?1`,
  waiting: `SELECT ${columns} FROM commands WHERE status = 'queued' AND told = 0 ORDER BY created_at LIMIT ?`,
  told: `SELECT ${columns} FROM commands WHERE status = 'queued' AND told > 0 ORDER BY created_at`,
  tell: 'UPDATE commands SET told = ?2, command = ?3 WHERE id_command = ?1',
  expired: `SELECT ${columns} FROM commands WHERE status = 'queued' AND expires_at <= ? ORDER BY created_at LIMIT 100`,
  count: `SELECT count(*) AS count, max(created_at) AS latest FROM commands WHERE status = 'queued'`,
  nextExpiry: `SELECT min(expires_at) AS at FROM commands WHERE status = 'queued'`,
  finish: 'UPDATE commands SET status = ?2, finished_at = ?3, outcome = ?4 WHERE id_command = ?1',
  delivery: 'SELECT delivery FROM commands WHERE id_command = ?',
  deliver: `UPDATE commands SET delivery = ?2, outcome = iif(status = 'failed', '{}', outcome),
    status = iif(status = 'failed', 'done', status) WHERE id_command = ?1`,
  prune: `DELETE FROM commands WHERE status <> 'queued' AND finished_at < ?`,
  remember: 'INSERT INTO idempotency (idempotency_key, body_hash, id_command, at) VALUES (?, ?, ?, ?)',
  note: 'UPDATE idempotency SET id_command = ?2 WHERE idempotency_key = ?1',
  unremember: 'DELETE FROM idempotency WHERE idempotency_key = ?',
  recall: 'SELECT body_hash, id_command FROM idempotency WHERE idempotency_key = ?',
  forget: 'DELETE FROM idempotency WHERE at < ?',
} as const

function fromRow(row: Row): StoredCommand {
  return {
    idCommand: row.id_command,
    status: row.status as StoredCommand['status'],
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
    told: row.told,
    command: JSON.parse(row.command) as SendCommand,
    outcome: row.outcome === null ? {} : (JSON.parse(row.outcome) as CommandOutcome),
    delivery: row.delivery as Delivery | null,
  }
}

export class Commands {
  readonly #sql: SqlStorage
  /** Whether there may be some of which no connector was told. */
  hasWaiting = true
  #latest = 0
  #expiry: number | undefined

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** What is known in memory alone is to be found out again. */
  load(): void {
    this.hasWaiting = true
    this.#expiry = undefined
  }

  /** Stores a command; commands go out in the order in which they were stored. */
  add(
    idCommand: string,
    command: SendCommand,
    { now, lifetimeMs }: { now: number; lifetimeMs: number },
  ): void {
    const { latest } = this.#sql.exec<{ latest: number | null }>(statements.count).one()
    this.#latest = Math.max(now, (latest ?? 0) + 1, this.#latest + 1)
    const expiresAt = now + lifetimeMs
    this.#sql.exec(statements.add, idCommand, this.#latest, expiresAt, JSON.stringify(command))
    this.hasWaiting = true
    if (this.#expiry !== undefined) this.#expiry = Math.min(this.#expiry, expiresAt)
  }

  get(idCommand: string): StoredCommand | null {
    const row = this.#sql.exec<Row>(statements.get, idCommand).toArray()[0]
    return row ? fromRow(row) : null
  }

  countQueued(): number {
    return this.#sql.exec<{ count: number }>(statements.count).one().count
  }

  /** Those that wait, oldest first, beginning after a time of creation. */
  queued(limit: number, after = 0): StoredCommand[] {
    return this.#sql.exec<Row>(statements.queued, limit, after).toArray().map(fromRow)
  }

  /** The first of those that no connector was told of. */
  waiting(limit: number): StoredCommand[] {
    const waiting = this.#sql.exec<Row>(statements.waiting, limit).toArray().map(fromRow)
    if (waiting.length === 0) this.hasWaiting = false
    return waiting
  }

  /** Those that a connector was told of and has not ended. */
  told(): StoredCommand[] {
    return this.#sql.exec<Row>(statements.told).toArray().map(fromRow)
  }

  /** The connector of this epoch is about to be told of it, and the message to go to this address. */
  markTold(stored: StoredCommand, epoch: number, to: string): StoredCommand {
    const { idCommand, command } = stored
    const { message } = command
    const told = message.to === to ? command : { ...command, message: { ...message, to } }
    this.#sql.exec(statements.tell, idCommand, epoch, JSON.stringify(told))
    return { ...stored, told: epoch, command: told }
  }

  expired(now: number): StoredCommand[] {
    this.#expiry = undefined
    return this.#sql.exec<Row>(statements.expired, now).toArray().map(fromRow)
  }

  /** When the next may expire: never later than it does, for what has ended meanwhile is not subtracted. */
  nextExpiry(): number {
    this.#expiry ??= this.#sql.exec<{ at: number | null }>(statements.nextExpiry).one().at ?? Infinity
    return this.#expiry
  }

  finish(idCommand: string, status: 'done' | 'failed', now: number, outcome: CommandOutcome): void {
    this.#sql.exec(statements.finish, idCommand, status, now, JSON.stringify(outcome))
  }

  /**
   * Notes how far a message has got; it never goes back, and a message of somebody else's making is no concern. What has
   * reached somebody was sent, even if it was given up before anybody could know.
   */
  deliver(idMessage: string, status: MessageStatus): void {
    if (!deliveries.includes(status)) return
    type DeliveryRow = { delivery: MessageStatus | null }
    const row = this.#sql.exec<DeliveryRow>(statements.delivery, idMessage).toArray()[0]
    if (!row || (row.delivery && deliveries.indexOf(row.delivery) >= deliveries.indexOf(status))) return
    this.#sql.exec(statements.deliver, idMessage, status)
  }

  /** Remembers what an Idempotency-Key was used for. */
  remember(key: string, bodyHash: string, idCommand: string, now: number): void {
    this.#sql.exec(statements.remember, key, bodyHash, idCommand, now)
  }

  /** Remembers what came of a key that was remembered with nothing. */
  note(key: string, id: string): void {
    this.#sql.exec(statements.note, key, id)
  }

  unremember(key: string): void {
    this.#sql.exec(statements.unremember, key)
  }

  recall(key: string): { bodyHash: string; idCommand: string } | null {
    type KeyRow = { body_hash: string; id_command: string }
    const row = this.#sql.exec<KeyRow>(statements.recall, key).toArray()[0]
    return row ? { bodyHash: row.body_hash, idCommand: row.id_command } : null
  }

  /** Forgets finished commands and idempotency keys older than the given times. */
  prune(finishedBefore: number, keysBefore: number): void {
    this.#sql.exec(statements.prune, finishedBefore)
    this.#sql.exec(statements.forget, keysBefore)
  }
}
