import type { AttemptError } from './outcome.ts'
import type { Attempt, DeadReason, DeadRecord } from './record.ts'

/** Events that are not tried any more by themselves. Kept as long as the log, and at most this many, the newest. */
export const maxDeadLetters = 10_000

const statements = {
  sequences: 'SELECT sequence FROM dead ORDER BY sequence',
  put: `INSERT OR REPLACE INTO dead (sequence, id_event, at, reason, attempts, last_status, last_error, history)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  remove: 'DELETE FROM dead WHERE sequence = ?',
  below: `SELECT sequence, id_event, at, reason, attempts, last_status, last_error, '' AS history FROM dead
    WHERE sequence < ? ORDER BY sequence DESC LIMIT ?`,
  find: `SELECT sequence, id_event, at, reason, attempts, last_status, last_error, history FROM dead
    WHERE id_event = ?`,
  one: 'SELECT history FROM dead WHERE sequence = ?',
  expire: 'DELETE FROM dead WHERE at < ?',
  shed: 'DELETE FROM dead WHERE sequence IN (SELECT sequence FROM dead ORDER BY sequence LIMIT ?)',
} as const

type Row = {
  sequence: number
  id_event: string
  at: number
  reason: string
  attempts: number
  last_status: number | null
  last_error: string | null
  history: string
}

export class DeadLetters {
  /** The sequences of all of them, in order. */
  #sequences: Set<number> | null = null
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  get size(): number {
    return this.#known().size
  }

  has(sequence: number): boolean {
    return this.#known().has(sequence)
  }

  put(record: DeadRecord, history: readonly Attempt[]): void {
    const { sequence, idEvent, at, reason, attempts, lastStatus, lastError } = record
    const text = JSON.stringify(history)
    this.#sql.exec(statements.put, sequence, idEvent, at, reason, attempts, lastStatus, lastError, text)
    this.#known().add(sequence)
  }

  remove(sequence: number): void {
    if (!this.#known().delete(sequence)) return
    this.#sql.exec(statements.remove, sequence)
  }

  /** Those before a sequence, newest first. */
  below(sequence: number, limit: number): DeadRecord[] {
    return this.#sql.exec<Row>(statements.below, sequence, limit).toArray().map(readRow)
  }

  find(idEvent: string): { record: DeadRecord; history: Attempt[] } | null {
    const row = this.#sql.exec<Row>(statements.find, idEvent).toArray()[0]
    return row ? { record: readRow(row), history: JSON.parse(row.history) as Attempt[] } : null
  }

  history(sequence: number): Attempt[] {
    const row = this.#sql.exec<{ history: string }>(statements.one, sequence).toArray()[0]
    return row ? (JSON.parse(row.history) as Attempt[]) : []
  }

  /** The first one after a sequence; null when there is none. */
  next(after: number): number | null {
    let next: number | null = null
    for (const sequence of this.#known()) {
      if (sequence > after && (next === null || sequence < next)) next = sequence
    }
    return next
  }

  /** Forgets those whose event the log has forgotten, and the oldest of too many. */
  prune(before: number): void {
    this.#sql.exec(statements.expire, before)
    this.#sequences = null
    const excess = this.size - maxDeadLetters
    if (excess <= 0) return
    this.#sql.exec(statements.shed, excess)
    this.#sequences = null
  }

  /** After a change that was undone. */
  reload(): void {
    this.#sequences = null
  }

  #known(): Set<number> {
    this.#sequences ??= new Set(
      this.#sql
        .exec<{ sequence: number }>(statements.sequences)
        .toArray()
        .map((row) => row.sequence),
    )
    return this.#sequences
  }
}

function readRow(row: Row): DeadRecord {
  return {
    sequence: row.sequence,
    idEvent: row.id_event,
    at: row.at,
    reason: row.reason as DeadReason,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error as AttemptError | null,
  }
}
