import { isSingleLane, possibleLanes, type EventHead } from './match.ts'
import type { Attempt, LaneRecord } from './record.ts'
import type { DispatcherStore } from './store.ts'

/** While this many lanes are out of the stream, the stream does not go on: what is remembered stays bounded. */
export const maxLanes = 2000

/** Of one event's attempts at most this many are kept, the newest. */
const maxHistory = 60

interface Entry {
  record: LaneRecord
  /** Its event is being tried. */
  isBusy: boolean
}

/** What is to be written of a lane. */
interface Change {
  attempts: Attempt[]
  /** What is stored of attempts is an earlier event's. */
  isAnew: boolean
}

/**
 * The lanes that are out of the stream. A lane gets here when an event of it fails; the events behind it are not copied
 * but read from the log again when the way is free (`sequence` null: it catches up), until it has reached the stream.
 */
export class LaneBook {
  readonly #entries = new Map<string, Entry>()
  readonly #dirty = new Map<string, Change>()
  /** Events that are tried before their time, and when that would have been. */
  readonly #early = new Map<string, number>()
  /** Earliest time at which an event is due; recomputed when null. */
  #nextAt: number | null = null
  #isNextKnown = false

  load(records: readonly LaneRecord[]): void {
    for (const record of records) this.#entries.set(record.lane, { record, isBusy: false })
  }

  get size(): number {
    return this.#entries.size
  }

  get isFull(): boolean {
    return this.#entries.size >= maxLanes
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0
  }

  get records(): LaneRecord[] {
    return Array.from(this.#entries.values(), ({ record }) => record)
  }

  get(lane: string): LaneRecord | null {
    return this.#entries.get(lane)?.record ?? null
  }

  /**
   * The lane that an event has to wait for, if any. After a change of the ordering it may stand in several, of which only
   * those hold it that have not come so far.
   */
  claims(event: EventHead, sequence: number): LaneRecord | null {
    if (this.#entries.size === 0) return null
    for (const lane of possibleLanes(event, sequence)) {
      const record = this.get(lane)
      if (record && (record.position < sequence || record.sequence === sequence)) return record
    }
    return null
  }

  find(idEvent: string): LaneRecord | null {
    for (const { record } of this.#entries.values()) if (record.idEvent === idEvent) return record
    return null
  }

  /** Takes a lane out of the stream, or notes a further failure of its first event. */
  block(record: LaneRecord, attempts: readonly Attempt[]): void {
    this.#entries.set(record.lane, { record, isBusy: false })
    this.#early.delete(record.lane)
    this.#mark(record.lane, attempts)
    this.#isNextKnown = false
  }

  /** The lane's first event is settled: what stands behind it may follow. Returns whether something may stand there. */
  release(lane: string, streamPosition: number): boolean {
    const entry = this.#entries.get(lane)
    if (!entry) return false
    this.#isNextKnown = false
    const { record } = entry
    if (isSingleLane(lane) || record.position >= streamPosition) {
      this.remove(lane)
      return false
    }
    this.#early.delete(lane)
    record.sequence = null
    record.idEvent = null
    record.nextAt = null
    record.attempts = 0
    record.isTold = false
    entry.isBusy = false
    this.#dirty.set(lane, { attempts: [], isAnew: true })
    return true
  }

  remove(lane: string): void {
    if (!this.#entries.delete(lane)) return
    this.#early.delete(lane)
    this.#dirty.set(lane, { attempts: [], isAnew: true })
    this.#isNextKnown = false
  }

  /** The endpoint as a whole was away and is back: events that have failed only since then are due at once. */
  hurry(since: number, now: number): void {
    for (const [lane, { record }] of this.#entries) {
      if (record.nextAt === null || record.nextAt <= now || record.since < since) continue
      this.#early.set(lane, record.nextAt)
      record.nextAt = now
      this.#mark(lane, [])
      this.#isNextKnown = false
    }
  }

  /** When the event of this lane would be due, if it is tried before its time; else null. */
  usualTime(lane: string): number | null {
    return this.#early.get(lane) ?? null
  }

  /** The log was read from `after` to `position` for the lanes that catch up; those further behind are not meant. */
  advance(after: number, position: number, streamPosition: number): void {
    for (const record of this.catchingUp()) {
      if (record.position >= after && record.position < position) {
        record.position = position
        this.#mark(record.lane, [])
      }
      if (record.position >= streamPosition) this.remove(record.lane)
    }
  }

  catchingUp(): LaneRecord[] {
    return this.records.filter((record) => record.sequence === null)
  }

  /** The failing event that has been due for longest; `since` leaves out those that failed before that time, too. */
  due(now: number, since = 0): LaneRecord | null {
    if ((this.nextAt() ?? Infinity) > now) return null
    let due: LaneRecord | null = null
    for (const { record, isBusy } of this.#entries.values()) {
      if (isBusy || record.nextAt === null || record.nextAt > now) continue
      if (record.since !== 0 && record.since < since) continue
      if (!due || record.nextAt < (due.nextAt ?? 0)) due = record
    }
    return due
  }

  /** When the next failing event is due; null when none waits. */
  nextAt(): number | null {
    if (this.#isNextKnown) return this.#nextAt
    this.#isNextKnown = true
    this.#nextAt = null
    for (const { record, isBusy } of this.#entries.values()) {
      if (isBusy || record.nextAt === null) continue
      if (this.#nextAt === null || record.nextAt < this.#nextAt) this.#nextAt = record.nextAt
    }
    return this.#nextAt
  }

  setBusy(lane: string, isBusy: boolean): void {
    const entry = this.#entries.get(lane)
    if (!entry) return
    entry.isBusy = isBusy
    this.#isNextKnown = false
  }

  isBusy(lane: string): boolean {
    return this.#entries.get(lane)?.isBusy ?? false
  }

  /** All attempts of the failing event so far, those not yet written among them. */
  history(store: DispatcherStore, lane: string): Attempt[] {
    const { attempts, isAnew } = this.#dirty.get(lane) ?? { attempts: [], isAnew: false }
    return [...(isAnew ? [] : store.history(lane)), ...attempts].slice(-maxHistory)
  }

  /** Writes what has changed; to be called inside a change of the store. */
  write(store: DispatcherStore): void {
    for (const lane of this.#dirty.keys()) {
      const record = this.get(lane)
      if (record) store.putLane(record, this.history(store, lane))
      else store.removeLane(lane)
    }
    this.#dirty.clear()
  }

  #mark(lane: string, attempts: readonly Attempt[]): void {
    const before = this.#dirty.get(lane)
    const all = [...(before?.attempts ?? []), ...attempts]
    this.#dirty.set(lane, { attempts: all, isAnew: before?.isAnew ?? false })
  }
}
