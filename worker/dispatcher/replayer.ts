import type { SubscriptionConfig } from '../subscription-config.ts'
import { makeJob, type Job } from './job.ts'
import type { LaneBook } from './lane-book.ts'
import { Lanes } from './lanes.ts'
import { laneOf, matches, possibleLanes, readHead, singleLane, type EventHead } from './match.ts'
import { isMissed, nextMissed, subtractMissed } from './missed.ts'
import type { Control, Missed, Replay } from './record.ts'
import type { DispatcherStore } from './store.ts'
import type { LogSlice, Stream } from './stream.ts'

const maxWaiting = 50

/**
 * Sends a part of the log again, behind live traffic: its work is only taken when nothing else is to be done. What is on its
 * way anyhow, or waits for its turn in a lane, is left out, so that a replay never overtakes it. Its own events go in lanes,
 * too; what fails of them leaves its lane and is tried again by itself.
 */
export class Replayer {
  readonly #store: DispatcherStore
  readonly #control: Control
  readonly #stream: Stream
  readonly #book: LaneBook
  readonly #filter: () => SubscriptionConfig
  #waiting = new Lanes<Job>()
  /** What waits or is under way, in the order of the log. */
  readonly #unsettled = new Set<number>()
  #scanned: number
  #missed: Missed[] | null = null

  constructor(
    store: DispatcherStore,
    control: Control,
    stream: Stream,
    book: LaneBook,
    filter: () => SubscriptionConfig,
  ) {
    this.#store = store
    this.#control = control
    this.#stream = stream
    this.#book = book
    this.#filter = filter
    this.#scanned = this.#running?.position ?? 0
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  /** How many of its events could start now. */
  get readySize(): number {
    return this.#waiting.readySize
  }

  get missed(): Missed[] {
    this.#missed ??= this.#store.missed()
    return this.#missed
  }

  /** Replaces the parts that were never tried; to be called inside a change of the store. */
  putMissed(missed: Missed[]): void {
    this.#missed = missed
    this.#store.replaceMissed(missed)
  }

  begin(replay: Replay): void {
    this.#control.replay = replay
    this.#scanned = replay.position
    this.#waiting = new Lanes()
    this.#unsettled.clear()
  }

  /** The configuration is another: what waits is judged by it. */
  reconsider(): void {
    const waiting = this.#waiting.clear().sort((one, other) => one.sequence - other.sequence)
    for (const job of waiting) this.#unsettled.delete(job.sequence)
    const replay = this.#running
    if (replay) for (const { sequence, body } of waiting) this.#add(replay, sequence, body)
  }

  /** Where to read on; null when there is nothing to read now. */
  nextRead(): number | null {
    const replay = this.#running
    if (!replay || this.#waiting.size > maxWaiting / 2 || this.#scanned >= replay.through) return null
    if (!replay.onlyFailed) return this.#scanned
    const dead = this.#store.dead.next(this.#scanned)
    const missed = nextMissed(this.missed, this.#scanned)
    const next = Math.min(dead ?? Infinity, missed ?? Infinity)
    this.#scanned = Math.max(this.#scanned, Math.min(next - 1, replay.through))
    return this.#scanned < replay.through ? this.#scanned : null
  }

  /** Whether it is at its end, and that has not been noted. */
  get isThrough(): boolean {
    const replay = this.#running
    return replay !== null && this.#scanned >= replay.through && this.#unsettled.size === 0
  }

  take(after: number, slice: LogSlice): void {
    const replay = this.#running
    if (!replay || after !== this.#scanned) return
    for (const { sequence, body } of slice.entries) {
      if (this.#waiting.size >= maxWaiting) return
      this.#scanned = Math.min(sequence, replay.through)
      if (sequence > replay.through) return
      this.#add(replay, sequence, body)
    }
    if (slice.entries.length === 0) this.#scanned = replay.through
  }

  /** The next event to send; its lane is busy until `finish`. */
  next(): { lane: string; item: Job } | null {
    return this.#waiting.take()
  }

  finish({ lane, item }: { lane: string; item: Job }): void {
    this.#waiting.finish(lane)
    this.#unsettled.delete(item.sequence)
  }

  /**
   * Notes how far it has come, and its end.
   * @returns whether anything changed; to be called inside a change of the store.
   */
  advance(now: number): boolean {
    const replay = this.#running
    if (!replay) return false
    const before = replay.position
    const [first] = this.#unsettled
    replay.position = first === undefined ? this.#scanned : first - 1
    if (first !== undefined || this.#scanned < replay.through) return replay.position !== before
    replay.finishedAt = now
    if (!replay.types) this.putMissed(subtractMissed(this.missed, replay.after, replay.through))
    return true
  }

  get #running(): Replay | null {
    const { replay } = this.#control
    return replay && replay.finishedAt === null ? replay : null
  }

  #add(replay: Replay, sequence: number, body: string): void {
    const head = readHead(body)
    if (!this.#wants(replay, head, sequence)) return
    const job = makeJob('replay', singleLane(sequence), sequence, head, body)
    this.#waiting.add(laneOf(this.#filter().ordering, head, sequence), job)
    this.#unsettled.add(sequence)
  }

  #wants(replay: Replay, head: EventHead, sequence: number): boolean {
    if (replay.types && !replay.types.includes(head.messageType)) return false
    if (this.#stream.isOpen(sequence)) return false
    const claim = this.#book.claims(head, sequence)
    if (claim && sequence >= claim.position) return false
    if (this.#store.dead.has(sequence)) return true
    if (!matches(this.#filter(), head)) return false
    return !replay.onlyFailed || isMissed(this.missed, sequence, possibleLanes(head, sequence))
  }
}
