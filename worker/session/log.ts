import { readIdEvent, readMessageType, type LogEntry } from './event-line.ts'

/**
 * The log: one row per commit, holding the commit's events as lines of JSON. What a line holds never changes. A row keeps
 * the number `n` of the last commit applied, so a commit with events writes no other row for it.
 */
const maxRowCharacters = 128 * 1024
const pageRows = 8
/** How many events back proofs are looked for. */
const maxProofAge = 5000
const scanPages = 8

const statements = {
  last: 'SELECT last, n FROM log ORDER BY first DESC LIMIT 1',
  marks: 'SELECT head, n FROM marks',
  mark: 'INSERT OR REPLACE INTO marks (id, head, n) VALUES (1, ?, ?)',
  append: 'INSERT INTO log (first, last, n, at, bodies, proofs) VALUES (?, ?, ?, ?, ?, ?)',
  read: `SELECT first, bodies FROM log
    WHERE first >= (SELECT coalesce(max(first), 0) FROM log WHERE first <= ?1) ORDER BY first LIMIT ?2`,
  recent: 'SELECT first, bodies, proofs FROM log WHERE first < ? ORDER BY first DESC LIMIT ?',
  before: 'SELECT last FROM log WHERE at < ? ORDER BY first DESC LIMIT 1',
  loggedAt: `SELECT at FROM log
    WHERE first >= (SELECT coalesce(max(first), 0) FROM log WHERE first <= ?1) AND last >= ?1 ORDER BY first LIMIT 1`,
  newest: 'SELECT last, at FROM log ORDER BY first DESC LIMIT 1',
  oldest: 'SELECT first, at FROM log ORDER BY first LIMIT 1',
  expired: 'SELECT first, last, at FROM log ORDER BY first LIMIT ?',
  prune: 'DELETE FROM log WHERE first <= ?',
} as const

export class EventLog {
  /** Sequence of the newest event; 0 when there has been none. */
  head = 0
  /** Number of the last commit applied. */
  n = 0
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    const marks = this.#sql.exec<{ head: number; n: number }>(statements.marks).toArray()[0]
    const last = this.#sql.exec<{ last: number; n: number }>(statements.last).toArray()[0]
    this.head = Math.max(marks?.head ?? 0, last?.last ?? 0)
    this.n = Math.max(marks?.n ?? 0, last?.n ?? 0)
  }

  /** Appends lines that carry the sequences after `head`; `n` is remembered with them, or alone when there are none. */
  append(lines: readonly string[], proofs: readonly string[], n: number, at: number): void {
    if (lines.length === 0) {
      if (n !== this.n) this.#sql.exec(statements.mark, this.head, n)
      this.n = n
      return
    }
    this.n = n
    for (let start = 0; start < lines.length;) {
      let end = start
      let size = 0
      while (end < lines.length && (end === start || size + (lines[end]?.length ?? 0) <= maxRowCharacters)) {
        size += lines[end]?.length ?? 0
        end++
      }
      const bodies = lines.slice(start, end).join('\n')
      const hashes = proofs.slice(start, end).join('\n')
      const first = this.head + 1
      this.head += end - start
      this.#sql.exec(statements.append, first, this.head, n, at, bodies, hashes)
      start = end
    }
  }

  /** Entries after `after`, at most `limit` and about `maxBytes`, but at least one when there is one. */
  read(after: number, limit: number, maxBytes: number): LogEntry[] {
    const entries: LogEntry[] = []
    let size = 0
    for (const entry of this.#scan(after, Infinity)) {
      size += entry.body.length
      if (entries.length >= limit || (entries.length > 0 && size > maxBytes)) break
      entries.push(entry)
    }
    return entries
  }

  /** One event; null when the log does not keep it any more. */
  line(sequence: number): string | null {
    const [entry] = this.read(sequence - 1, 1, 0)
    return entry?.sequence === sequence ? entry.body : null
  }

  /**
   * Lines after `after` whose type is wanted. Looks at a bounded part of the log each time, so `nextAfter` may grow
   * without a line having been found.
   */
  list(
    after: number,
    limit: number,
    types: ReadonlySet<string> | null,
  ): { lines: string[]; nextAfter: number } {
    const lines: string[] = []
    let nextAfter = after
    for (const { sequence, body } of this.#scan(after, scanPages)) {
      if (lines.length >= limit) break
      nextAfter = sequence
      if (types === null || types.has(readMessageType(body))) lines.push(body)
    }
    return { lines, nextAfter }
  }

  /** The proofs of the newest events, by which a redelivered stanza is known; the newest rows first. */
  recentProofs(limit: number): { idEvent: string; proof: string }[] {
    const recent: { idEvent: string; proof: string }[] = []
    let before = this.head + 1
    while (recent.length < limit) {
      type Row = { first: number; bodies: string; proofs: string }
      const rows = this.#sql.exec<Row>(statements.recent, before, pageRows).toArray()
      for (const row of rows) {
        const lines = row.bodies.split('\n')
        for (const [index, proof] of row.proofs.split('\n').entries()) {
          const line = lines[index]
          if (proof !== '' && line !== undefined) recent.push({ idEvent: readIdEvent(line), proof })
        }
        before = row.first
      }
      if (rows.length < pageRows || before < this.head - maxProofAge) break
    }
    return recent.slice(0, limit)
  }

  /** Sequence of the newest event logged before a time: what a subscription made then is not to get. */
  sequenceBefore(at: number): number {
    const newest = this.#sql.exec<{ last: number; at: number }>(statements.newest).toArray()[0]
    if (!newest || newest.at < at) return this.head
    return this.#sql.exec<{ last: number }>(statements.before, at).toArray()[0]?.last ?? 0
  }

  /** When an event was logged, or the next one that is still kept; null when there is none. */
  loggedAt(sequence: number): number | null {
    return this.#sql.exec<{ at: number }>(statements.loggedAt, sequence).toArray()[0]?.at ?? null
  }

  /** Sequence of the oldest event still kept; `head + 1` when none is. */
  oldest(): number {
    return this.#sql.exec<{ first: number }>(statements.oldest).toArray()[0]?.first ?? this.head + 1
  }

  /** Whether it holds anything older than a time. */
  reachesBefore(at: number): boolean {
    const oldest = this.#sql.exec<{ at: number }>(statements.oldest).toArray()[0]
    return oldest !== undefined && oldest.at < at
  }

  /**
   * Deletes at most `rows` rows that are older than `before`; `head` and `n` outlive them.
   * @returns whether there may be more.
   */
  prune(before: number, rows: number): boolean {
    let through = 0
    let count = 0
    let last = 0
    type Row = { first: number; last: number; at: number }
    for (const row of this.#sql.exec<Row>(statements.expired, rows).toArray()) {
      if (row.at >= before) break
      through = row.first
      last = row.last
      count++
    }
    if (count === 0) return false
    if (last === this.head) this.#sql.exec(statements.mark, this.head, this.n)
    this.#sql.exec(statements.prune, through)
    return count === rows
  }

  /** Pages through the rows, so that no statement stays open when the reader stops early. */
  *#scan(after: number, pages: number): Generator<LogEntry> {
    let seen = after
    for (let page = 0; page < pages; page++) {
      type Row = { first: number; bodies: string }
      // Most readers want little: a page begins with one row and doubles.
      const limit = Math.min(2 ** page, pageRows)
      const rows = this.#sql.exec<Row>(statements.read, seen + 1, limit).toArray()
      for (const row of rows) {
        let sequence = row.first
        for (const body of row.bodies.split('\n')) {
          if (sequence > seen) {
            seen = sequence
            yield { sequence, body }
          }
          sequence++
        }
      }
      if (rows.length < limit) return
    }
  }
}
