/**
 * A part of the log: a table of its own, `log_<number>`, which holds what was logged in some span of time. What is over is
 * dropped with its table, which writes no row however much it held; deleting row by row would write one for each.
 *
 * Rows are in the order of both their sequences and their times.
 */
export interface LogRow {
  first: number
  last: number
  n: number
  at: number
  bodies: string
  proofs: string
}

const columns = `first INTEGER PRIMARY KEY, last INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
  bodies TEXT NOT NULL, proofs TEXT NOT NULL`

function statementsOn(table: string) {
  return {
    create: `CREATE TABLE IF NOT EXISTS ${table} (${columns})`,
    drop: `DROP TABLE ${table}`,
    append: `INSERT INTO ${table} (first, last, n, at, bodies, proofs) VALUES (?, ?, ?, ?, ?, ?)`,
    read: `SELECT first, bodies FROM ${table}
      WHERE first >= (SELECT coalesce(max(first), 0) FROM ${table} WHERE first <= ?1) ORDER BY first LIMIT ?2`,
    back: `SELECT first, bodies, proofs FROM ${table} WHERE first < ? ORDER BY first DESC LIMIT ?`,
    holding: `SELECT last, at FROM ${table} WHERE first <= ? ORDER BY first DESC LIMIT 1`,
    oldest: `SELECT first, at FROM ${table} ORDER BY first LIMIT ?`,
    newest: `SELECT last, n, at FROM ${table} ORDER BY first DESC LIMIT 1`,
    shorten: `DELETE FROM ${table} WHERE first < ?`,
  } as const
}

export class LogPartition {
  readonly number: number
  /** Sequence of the oldest event; 0 when there is none. */
  first = 0
  /** When the oldest row was logged. */
  startedAt = 0
  /** Sequence of the newest event, its commit's number, and when it was logged. */
  newest = { last: 0, n: 0, at: 0 }
  readonly #sql: SqlStorage
  readonly #statements: ReturnType<typeof statementsOn>

  constructor(sql: SqlStorage, number: number) {
    this.#sql = sql
    this.number = number
    this.#statements = statementsOn(`log_${number}`)
  }

  create(): void {
    this.#sql.exec(this.#statements.create)
  }

  drop(): void {
    this.#sql.exec(this.#statements.drop)
  }

  load(): void {
    const oldest = this.#sql.exec<Pick<LogRow, 'first' | 'at'>>(this.#statements.oldest, 1).toArray()[0]
    this.first = oldest?.first ?? 0
    this.startedAt = oldest?.at ?? 0
    type Newest = Pick<LogRow, 'last' | 'n' | 'at'>
    const newest = this.#sql.exec<Newest>(this.#statements.newest).toArray()[0]
    this.newest = newest ?? { last: 0, n: 0, at: 0 }
  }

  append({ first, last, n, at, bodies, proofs }: LogRow): void {
    this.#sql.exec(this.#statements.append, first, last, n, at, bodies, proofs)
    if (this.first === 0) {
      this.first = first
      this.startedAt = at
    }
    this.newest = { last, n, at }
  }

  /** Rows from the one that holds `sequence`, or the first one after it. */
  read(sequence: number, limit: number): Pick<LogRow, 'first' | 'bodies'>[] {
    return this.#sql.exec<Pick<LogRow, 'first' | 'bodies'>>(this.#statements.read, sequence, limit).toArray()
  }

  /** Rows before `sequence`, the newest first. */
  readBack(sequence: number, limit: number): Pick<LogRow, 'first' | 'bodies' | 'proofs'>[] {
    type Row = Pick<LogRow, 'first' | 'bodies' | 'proofs'>
    return this.#sql.exec<Row>(this.#statements.back, sequence, limit).toArray()
  }

  /** When an event in here was logged, and the newest one that was logged with it. */
  holding(sequence: number): Pick<LogRow, 'last' | 'at'> {
    return this.#sql.exec<Pick<LogRow, 'last' | 'at'>>(this.#statements.holding, sequence).one()
  }

  /** Sequence of the newest event that was logged before a time later than `startedAt`. */
  lastBefore(at: number): number {
    let found = this.first
    for (let end = this.newest.last; found < end;) {
      const middle = Math.ceil((found + end) / 2)
      const row = this.holding(middle)
      if (row.at < at) found = row.last
      else end = middle - 1
    }
    return found
  }

  /** Deletes its oldest rows: at most so many, none that is not older than `before`, and never its newest row. */
  shorten(before: number, rows: number): void {
    const oldest = this.#sql.exec<Pick<LogRow, 'first' | 'at'>>(this.#statements.oldest, rows + 1).toArray()
    const kept = oldest.find(({ at }) => at >= before) ?? oldest.at(-1)
    if (!kept) return
    this.#sql.exec(this.#statements.shorten, kept.first)
    this.first = kept.first
    this.startedAt = kept.at
  }
}
