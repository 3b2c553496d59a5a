import type { SubscriptionConfig } from '../subscription-config.ts'
import { makeJob, type Job } from './job.ts'
import type { LaneBook } from './lane-book.ts'
import { Lanes } from './lanes.ts'
import { laneOf, matches, readHead } from './match.ts'

export interface LogEntry {
  sequence: number
  body: string
}

/** A part of the log as the Session gives it. `oldest`: the first sequence that is still kept. */
export interface LogSlice {
  entries: LogEntry[]
  head: number
  oldest: number
}

/** What is in memory is bounded, however long the backlog is. */
const maxWaiting = 400
const maxCharacters = 8 * 1024 * 1024

type Filter = Pick<
  SubscriptionConfig,
  'idSubscription' | 'events' | 'sessions' | 'includeFromMe' | 'includeHistory' | 'ordering'
>

/**
 * The subscription's way through the log. Everything up to `cursor` is settled, or open (read, and on its way), or stands
 * in a lane of the book. Those three together are what has to survive; nothing else of the backlog is kept.
 */
export class Stream {
  cursor: number
  /** Newest sequence that is known of. */
  head: number
  readonly waiting = new Lanes<Job>()
  /** Counts the configurations by which what waits was judged. */
  era = 0
  readonly #open: Set<number>
  /** Open, and to be read again: since the object was last started, or its configuration changed. */
  readonly #lost: Set<number>
  /** The lanes are other ones now: nothing is read before what was taken from the old ones is done. */
  #isChanging = false
  readonly #book: LaneBook
  readonly #filter: () => Filter
  #characters = 0
  /** Events that the log forgot before they could be read. */
  expired = 0

  constructor(cursor: number, open: readonly number[], book: LaneBook, filter: () => Filter) {
    this.cursor = cursor
    this.head = cursor
    this.#open = new Set(open)
    this.#lost = new Set(open)
    this.#book = book
    this.#filter = filter
  }

  get open(): number[] {
    return Array.from(this.#open).sort((one, other) => one - other)
  }

  get openSize(): number {
    return this.#open.size
  }

  isOpen(sequence: number): boolean {
    return this.#open.has(sequence)
  }

  get hasRoom(): boolean {
    return this.waiting.size < maxWaiting && this.#characters < maxCharacters
  }

  /** Where to read on, and what for; null when nothing is to be read. */
  nextRead(): { after: number; purpose: 'lost' | 'lanes' | 'log' } | null {
    if (!this.hasRoom || this.#isHeld) return null
    if (this.#lost.size > 0) return { after: Math.min(...this.#lost) - 1, purpose: 'lost' }
    if (this.waiting.size > maxWaiting / 2) return null
    let behind: number | null = null
    if (this.#book.size > 0) {
      for (const { position } of this.#book.catchingUp()) behind = Math.min(behind ?? position, position)
    }
    if (behind !== null) return { after: behind, purpose: 'lanes' }
    if (this.cursor >= this.head || this.#book.isFull) return null
    return { after: this.cursor, purpose: 'log' }
  }

  /** Takes what was read for `purpose`. */
  take(purpose: 'lost' | 'lanes' | 'log', after: number, slice: LogSlice): void {
    this.head = Math.max(this.head, slice.head)
    if (this.#isHeld || (purpose !== 'lost' && this.#lost.size > 0)) return
    switch (purpose) {
      case 'lost':
        this.#takeLost(after, slice)
        return
      case 'lanes':
        this.#takeLanes(after, slice)
        return
      case 'log':
        this.#takeLog(slice)
    }
  }

  /** Takes entries that were handed over at the head of the log, unless they do not follow on what has been read. */
  accept(entries: readonly LogEntry[]): void {
    if (this.#lost.size > 0 || this.#isHeld) return
    for (const { sequence, body } of entries) {
      this.head = Math.max(this.head, sequence)
      if (sequence <= this.cursor) continue
      if (sequence !== this.cursor + 1 || !this.hasRoom || this.#book.isFull) return
      this.#read(sequence, body)
    }
  }

  /** Takes back what was taken in an `era` and has not been sent; if that is over, it is read and judged again. */
  putBack(jobs: readonly Job[], era: number): void {
    const open = jobs.filter(({ sequence }) => this.#open.has(sequence))
    for (const job of open.toReversed()) this.waiting.putBack(job.lane, job)
    if (era !== this.era && open.length > 0) this.reconsider(false)
  }

  /** An event is delivered, given up, or in a lane of the book. */
  settle(job: Job): void {
    if (this.#open.delete(job.sequence)) this.#characters -= job.body.length
  }

  /** Takes out of memory what stands behind an event that failed; it is read again later. */
  dropBehind(lane: string): void {
    for (const job of this.waiting.drop(lane)) this.settle(job)
  }

  /** The configuration is another: what waits is read again and judged by it. `isReordered`: in other lanes than before. */
  reconsider(isReordered: boolean): void {
    this.era++
    this.#isChanging ||= isReordered
    for (const { sequence, body } of this.waiting.clear()) {
      this.#lost.add(sequence)
      this.#characters -= body.length
    }
  }

  /** Goes on after `position`; what lay between is not delivered. Returns what was on its way. */
  skipTo(position: number): number[] {
    const open = this.open
    this.waiting.clear()
    this.#open.clear()
    this.#lost.clear()
    this.#characters = 0
    this.cursor = Math.max(this.cursor, position)
    this.head = Math.max(this.head, position)
    return open
  }

  #takeLog(slice: LogSlice): void {
    if (slice.entries.length === 0) this.head = Math.max(slice.head, this.cursor)
    const first = slice.entries[0]?.sequence ?? this.head + 1
    if (first > this.cursor + 1) {
      this.expired += first - 1 - this.cursor
      this.cursor = first - 1
    }
    for (const { sequence, body } of slice.entries) {
      if (sequence <= this.cursor) continue
      if (!this.hasRoom || this.#book.isFull) return
      this.#read(sequence, body)
    }
  }

  #takeLanes(after: number, slice: LogSlice): void {
    let position = after
    for (const { sequence, body } of slice.entries) {
      if (!this.hasRoom) break
      position = Math.min(sequence, this.cursor)
      if (sequence > this.cursor) break
      const head = readHead(body)
      const record = this.#book.claims(head, sequence)
      if (!record || record.sequence !== null || record.position >= sequence || record.position < after)
        continue
      if (this.#open.has(sequence) || !matches(this.#filter(), head)) continue
      this.#add(makeJob('live', record.lane, sequence, head, body))
    }
    // An empty slice means that the log has forgotten what was there.
    const isEnd = slice.entries.length === 0
    this.#book.advance(after, isEnd ? this.cursor : position, this.cursor)
  }

  #takeLost(after: number, slice: LogSlice): void {
    // Meanwhile something before it is to be read again: it goes first.
    if (Math.min(...this.#lost) <= after) return
    const entries = new Map(slice.entries.map(({ sequence, body }) => [sequence, body]))
    const last = slice.entries.at(-1)?.sequence ?? Infinity
    for (const sequence of Array.from(this.#lost).sort((one, other) => one - other)) {
      if (sequence > last) return
      this.#lost.delete(sequence)
      this.#open.delete(sequence)
      const body = entries.get(sequence)
      if (body === undefined) {
        this.expired++
        continue
      }
      const head = readHead(body)
      // What stands behind a failing event is read with its lane.
      if (!matches(this.#filter(), head) || this.#book.claims(head, sequence)) continue
      this.#add(makeJob('live', laneOf(this.#filter().ordering, head, sequence), sequence, head, body))
    }
  }

  get #isHeld(): boolean {
    this.#isChanging &&= this.waiting.isBusy
    return this.#isChanging
  }

  #read(sequence: number, body: string): void {
    this.cursor = sequence
    const head = readHead(body)
    const filter = this.#filter()
    if (!matches(filter, head) || this.#book.claims(head, sequence)) return
    this.#add(makeJob('live', laneOf(filter.ordering, head, sequence), sequence, head, body))
  }

  #add(job: Job): void {
    this.#open.add(job.sequence)
    this.#characters += job.body.length
    this.waiting.add(job.lane, job)
  }
}
