import { readIdEvent, readMessageType, type LogEntry } from './event-line.ts'
import { LogPartition } from './log-partition.ts'

/**
 * The log: one row per commit, holding the commit's events as lines of JSON. What a line holds never changes. A row keeps
 * the number `n` of the last commit applied, so a commit with events writes no other row for it.
 *
 * The rows lie in partitions that follow one another without a gap; each holds at least one row. The newest is followed by
 * another when it spans `partitionsPerRetention` of the retention or holds `maxPartitionEvents`.
 */
const partitionsPerRetention = 7
/** Dropping a table takes the longer the larger it is: a quarter of a second for so many texts. */
const maxPartitionEvents = 100_000
const maxRowCharacters = 128 * 1024
const pageRows = 8
/** A page of so much is followed by a single row. */
const largePageCharacters = 32 * 1024
/** How many events back proofs are looked for. */
const maxProofAge = 5000
/** Rows that one call of `list` looks at. */
const listRows = 48

const statements = {
  tables: `SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'log_[0-9]*'`,
  marks: 'SELECT head, n FROM marks',
  mark: 'INSERT OR REPLACE INTO marks (id, head, n) VALUES (1, ?, ?)',
} as const

export class EventLog {
  /** Sequence of the newest event; 0 when there has been none. */
  head = 0
  /** Number of the last commit applied. */
  n = 0
  readonly #sql: SqlStorage
  /** How much time a partition spans, in ms. */
  readonly #spanMs: number
  /** The oldest first. */
  #partitions: LogPartition[] = []

  constructor(sql: SqlStorage, retentionMs: number) {
    this.#sql = sql
    this.#spanMs = retentionMs / partitionsPerRetention
  }

  load(): void {
    const tables = this.#sql.exec<{ name: string }>(statements.tables).toArray()
    this.#partitions = tables
      .map(({ name }) => new LogPartition(this.#sql, Number(name.slice('log_'.length))))
      .toSorted((one, other) => one.number - other.number)
    for (const partition of this.#partitions) partition.load()
    this.#partitions = this.#partitions.filter(({ first }) => first > 0)
    const marks = this.#sql.exec<{ head: number; n: number }>(statements.marks).toArray()[0]
    const newest = this.#partitions.at(-1)?.newest
    this.head = Math.max(marks?.head ?? 0, newest?.last ?? 0)
    this.n = Math.max(marks?.n ?? 0, newest?.n ?? 0)
  }

  /** Forgets what it knows of storage: all was erased. */
  forget(): void {
    this.head = 0
    this.n = 0
    this.#partitions = []
  }

  /** Appends lines that carry the sequences after `head`; `n` is remembered with them, or alone when there are none. */
  append(lines: readonly string[], proofs: readonly string[], n: number, now: number): void {
    if (lines.length === 0) {
      if (n !== this.n) this.#sql.exec(statements.mark, this.head, n)
      this.n = n
      return
    }
    this.n = n
    const partition = this.#partitionToFill(now)
    const at = Math.max(now, partition.newest.at)
    for (let start = 0; start < lines.length;) {
      let end = start
      let size = 0
      while (end < lines.length && (end === start || size + (lines[end]?.length ?? 0) <= maxRowCharacters)) {
        size += lines[end]?.length ?? 0
        end++
      }
      const first = this.head + 1
      this.head += end - start
      const bodies = lines.slice(start, end).join('\n')
      partition.append({ first, last: this.head, n, at, bodies, proofs: proofs.slice(start, end).join('\n') })
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
    for (const { sequence, body } of this.#scan(after, listRows)) {
      if (lines.length >= limit) break
      nextAfter = sequence
      if (types === null || types.has(readMessageType(body))) lines.push(body)
    }
    return { lines, nextAfter }
  }

  /** The proofs of the newest events, by which a redelivered stanza is known; the newest rows first. */
  recentProofs(limit: number): { idEvent: string; proof: string }[] {
    const recent: { idEvent: string; proof: string }[] = []
    for (const partition of this.#partitions.toReversed()) {
      let before = partition.newest.last + 1
      while (before > partition.first) {
        if (recent.length >= limit || before < this.head - maxProofAge) return recent.slice(0, limit)
        for (const row of partition.readBack(before, pageRows)) {
          const lines = row.bodies.split('\n')
          for (const [index, proof] of row.proofs.split('\n').entries()) {
            const line = lines[index]
            if (proof !== '' && line !== undefined) recent.push({ idEvent: readIdEvent(line), proof })
          }
          before = row.first
        }
      }
    }
    return recent.slice(0, limit)
  }

  /** Sequence of the newest event logged before a time: what a subscription made then is not to get. */
  sequenceBefore(at: number): number {
    const partition = this.#partitions.findLast(({ startedAt }) => startedAt < at)
    if (!partition) return this.#partitions.length === 0 ? this.head : 0
    return partition.newest.at < at ? partition.newest.last : partition.lastBefore(at)
  }

  /** When an event was logged, or the next one that is still kept; null when there is none. */
  loggedAt(sequence: number): number | null {
    const partition = this.#partitionAt(sequence)
    if (!partition || sequence > this.head) return null
    return partition.holding(Math.max(sequence, partition.first)).at
  }

  /** Sequence of the oldest event still kept; `head + 1` when none is. */
  oldest(): number {
    return this.#partitions[0]?.first ?? this.head + 1
  }

  /** Whether there is something to `prune`. */
  hasExpired(before: number): boolean {
    const [oldest] = this.#partitions
    if (!oldest) return false
    return oldest.newest.at < before || oldest.startedAt < before - this.#spanMs
  }

  /**
   * Forgets the oldest partition when all in it is older than `before`; `head` and `n` outlive it. One that spans more time
   * than partitions do now, because an earlier version made it or the retention was longer, is shortened by so many rows.
   * @returns whether there is more to prune.
   */
  prune(before: number, rows: number): boolean {
    const [oldest] = this.#partitions
    if (!oldest || !this.hasExpired(before)) return false
    if (oldest.newest.at >= before) {
      oldest.shorten(before, rows)
      return this.hasExpired(before)
    }
    if (this.#partitions.length === 1) this.#sql.exec(statements.mark, this.head, this.n)
    oldest.drop()
    this.#partitions.shift()
    return this.hasExpired(before)
  }

  /** The partition that holds an event, or the next one that is still kept. */
  #partitionAt(sequence: number): LogPartition | undefined {
    return this.#partitions.findLast(({ first }) => first <= sequence) ?? this.#partitions[0]
  }

  /** The newest partition, or another one when it is over. When the clock was put back further, its times begin anew. */
  #partitionToFill(now: number): LogPartition {
    const newest = this.#partitions.at(-1)
    if (
      newest &&
      now - newest.startedAt < this.#spanMs &&
      newest.newest.at - now < this.#spanMs &&
      this.head - newest.first + 1 < maxPartitionEvents
    )
      return newest
    const next = new LogPartition(this.#sql, (newest?.number ?? -1) + 1)
    next.create()
    this.#partitions.push(next)
    return next
  }

  /**
   * Pages through at most about so many rows, so that no statement stays open when the reader stops early. Most readers want
   * little: a page is one row at first, then doubles unless rows are large.
   */
  *#scan(after: number, maxRows: number): Generator<LogEntry> {
    let seen = after
    let limit = 1
    for (let count = 0; count < maxRows && seen < this.head;) {
      const rows = this.#partitionAt(seen + 1)?.read(seen + 1, limit) ?? []
      if (rows.length === 0) return
      count += rows.length
      let characters = 0
      for (const row of rows) {
        characters += row.bodies.length
        let sequence = row.first
        for (const body of row.bodies.split('\n')) {
          if (sequence > seen) {
            seen = sequence
            yield { sequence, body }
          }
          sequence++
        }
      }
      limit = characters < largePageCharacters ? Math.min(2 * limit, pageRows) : 1
    }
  }
}
