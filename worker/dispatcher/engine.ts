import { batchWaitMs, type Batch, type Batches } from './batches.ts'
import type { Breaker } from './breaker.ts'
import { makeJob, type Job } from './job.ts'
import type { LaneBook } from './lane-book.ts'
import { restAfterMs, type Ledger } from './ledger.ts'
import { matches, readHead } from './match.ts'
import type { Answer } from './outcome.ts'
import type { Attempt, LaneRecord, Settings } from './record.ts'
import type { LogIntake } from './log-intake.ts'
import type { Replayer } from './replayer.ts'
import type { Settlement } from './settlement.ts'
import type { LogEntry, Stream } from './stream.ts'
import type { Throttle } from './throttle.ts'
import { maxUnwrittenMs } from './unwritten.ts'

/** Cloudflare gives an object six outgoing connections; a seventh request would wait with its clock running. */
export const maxConnections = 6
/** Of these, retries may hold so many while there is fresh work. */
const maxRetryConnections = 3

/** While work is under way, an alarm stands this far ahead, in case the object does not live to see its end. */
export const backstopMs = 10_000

export interface EngineParts {
  stream: Stream
  book: LaneBook
  ledger: Ledger
  breaker: Breaker
  replayer: Replayer
  intake: LogIntake
  settlement: Settlement
  batches: Batches
  throttle: Throttle
  settings: () => Settings
  /** Whether anything may be sent. */
  isActive: () => boolean
  /** First failure since the last success. */
  failingSince: () => number | null
  send: (job: Job, now: number) => Promise<Answer>
  now: () => number
  failed: (error: unknown) => void
  /** Something was written that others have to be told of. */
  written: () => void
}

/**
 * What keeps an endpoint busy: has the log read ahead of need, starts what may start while a connection is free, and writes
 * progress in batches. It holds no state of its own that would have to survive.
 */
export class Engine {
  /** More is expected at once: progress is written by time and number, not after each event. */
  isStreaming = false
  readonly #parts: EngineParts
  #inFlight = 0
  #retriesInFlight = 0
  #isStopped = false
  #pumpTimer: ReturnType<typeof setTimeout> | undefined
  #writeTimer: ReturnType<typeof setTimeout> | undefined
  #waiters: (() => void)[] = []

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  /** Takes what the Session hands over. */
  accept(head: number, entries: readonly LogEntry[], isFiltered: boolean): void {
    const { stream, isActive, breaker, intake } = this.#parts
    intake.isHeadKnown = true
    if (isActive() && (breaker.isClosed || stream.waiting.size === 0)) stream.accept(entries, isFiltered)
    stream.head = Math.max(stream.head, head)
    this.kick()
  }

  /** Looks at the log again, then does whatever can be done now. */
  refresh(): void {
    this.#parts.intake.isHeadKnown = false
    this.kick()
  }

  /** Does whatever can be done now. */
  kick(): void {
    if (this.#isStopped) return
    this.#pump()
    this.#parts.intake.advance(() => this.kick())
    this.#rest()
  }

  /** Resolves when nothing is under way and what has happened is written. */
  settled(): Promise<void> {
    return this.#isQuiet && !this.#parts.ledger.isDirty
      ? Promise.resolve()
      : new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** The same, but waits no longer than this; no timer is left behind, which would keep the object awake and billed. */
  async settledWithin(waitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
    })
    await Promise.race([this.settled(), over])
    clearTimeout(timer)
  }

  /** When there will be something to do; null when there is nothing. */
  nextDue(now: number): number | null {
    const { book, breaker, stream, ledger, isActive, throttle, intake } = this.#parts
    const due: number[] = []
    const startAt = throttle.nextAt(now)
    if (this.#inFlight > 0 || intake.isReading || ledger.isDirty) due.push(now + backstopMs)
    if (isActive()) {
      const earliest = breaker.isClosed ? 0 : breaker.record.probeAt
      const nextAt = book.nextAt()
      if (nextAt !== null) due.push(Math.max(nextAt, earliest, intake.retryAt, startAt))
      const isBehind =
        stream.waiting.size > 0 || stream.nextRead() !== null || (stream.cursor < stream.head && !book.isFull)
      if (isBehind || this.#parts.replayer.isRunning) {
        const isMoving = this.#inFlight > 0 || intake.isReading || startAt > now
        due.push(Math.max(earliest, intake.retryAt, isMoving ? now + backstopMs : now))
      }
    }
    return due.length === 0 ? null : Math.min(...due)
  }

  /** Sends one event because a tenant asks for it; what is under way is not waited for. */
  async sendNow(job: Job): Promise<Attempt> {
    const { book } = this.#parts
    book.setBusy(job.lane, true)
    try {
      return await this.#attempt(job)
    } finally {
      book.setBusy(job.lane, false)
      this.kick()
    }
  }

  /** Ends for good: nothing is started any more. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#pumpTimer)
    clearTimeout(this.#writeTimer)
    this.#wakeWaiters()
  }

  get #isQuiet(): boolean {
    return this.#inFlight === 0 && !this.#parts.intake.isReading
  }

  #pump(): void {
    const { now, isActive, settings, throttle, batches, breaker } = this.#parts
    clearTimeout(this.#pumpTimer)
    const isLimited = settings().config.rateLimitPerSecond !== undefined
    while (this.#inFlight < maxConnections && isActive()) {
      const at = now()
      const wanted = isLimited ? this.#countStartable(at) : 0
      if (isLimited && wanted === 0) return
      const waitMs = throttle.wait(at, wanted)
      if (waitMs === null) return
      if (waitMs > 0) {
        this.#pumpLater(waitMs)
        return
      }
      const batch = isLimited || !breaker.isClosed ? null : batches.next(at, maxConnections - this.#inFlight)
      if (batch === 'soon') {
        if (this.#startDue(at)) continue
        this.#pumpLater(batchWaitMs)
        return
      }
      if (batch) this.#startBatch(batch, at)
      else if (this.#startOne(at)) throttle.take()
      else return
    }
  }

  #startBatch(batch: Batch, now: number): void {
    // What a batch delivers is unwritten until it is told of.
    if (this.#parts.ledger.isDue(now, batch.open.size)) this.#write()
    this.#inFlight += batch.request.connections
    void this.#parts.batches.run(batch, (connections) => {
      this.#inFlight -= connections
      this.kick()
    })
  }

  /** How many requests could start now, about. */
  #countStartable(now: number): number {
    const { breaker, book, stream, replayer } = this.#parts
    if (!breaker.isClosed) return this.#inFlight === 0 && breaker.isDue(now) ? 1 : 0
    const ready = stream.waiting.readySize + replayer.readySize + (book.due(now) ? 1 : 0)
    return Math.min(maxConnections - this.#inFlight, ready)
  }

  #startOne(now: number): boolean {
    const { breaker, stream, replayer } = this.#parts
    if (!breaker.isClosed && (this.#inFlight > 0 || !breaker.isDue(now))) return false
    if (this.#startDue(now)) return true
    const taken = stream.waiting.take()
    const replayed = taken ? null : replayer.next()
    const job = (taken ?? replayed)?.item
    if (!job) return false
    breaker.probe(now)
    void this.#run(
      () => this.#attempt(job),
      () => (taken ? stream.waiting.finish(taken.lane) : replayed && replayer.finish(replayed)),
    )
    return true
  }

  /** Starts a retry that is due. */
  #startDue(now: number): boolean {
    const { breaker, book, stream, intake } = this.#parts
    const due = breaker.isClosed ? book.due(now) : this.#dueForProbe(now)
    const isRoom = this.#retriesInFlight < maxRetryConnections || !stream.waiting.hasReady
    if (!due || !isRoom || intake.retryAt > now) return false
    breaker.probe(now)
    void this.#run(() => this.#retry(due.lane, due.sequence ?? 0))
    return true
  }

  /** A probe asks after the endpoint: with an event that it refused while it took others only when there is no other. */
  #dueForProbe(now: number): LaneRecord | null {
    const { book, stream, failingSince } = this.#parts
    return book.due(now, failingSince() ?? 0) ?? (stream.waiting.hasReady ? null : book.due(now))
  }

  async #run(work: () => Promise<unknown>, finish?: () => void): Promise<void> {
    this.#inFlight++
    try {
      await work()
    } catch (error) {
      this.#parts.breaker.withdraw()
      this.#parts.failed(error)
    } finally {
      finish?.()
      this.#inFlight--
      this.kick()
    }
  }

  async #attempt(job: Job): Promise<Attempt> {
    const { now, send, settings, settlement } = this.#parts
    const at = now()
    const { url } = settings().config
    const answer = await send(job, at)
    return settlement.settle(job, { at, url }, answer, now())
  }

  /** Tries a failing event again; its body is read from the log. */
  async #retry(lane: string, sequence: number): Promise<void> {
    const { book, settlement, settings, now, breaker, intake } = this.#parts
    book.setBusy(lane, true)
    this.#retriesInFlight++
    try {
      const body = await intake.readOne(sequence)
      const record = book.get(lane)
      if (!record || record.sequence !== sequence) return
      if (body === null) {
        settlement.expire({ sequence, idEvent: record.idEvent ?? '', lane }, now())
        breaker.withdraw()
        return
      }
      const head = readHead(body)
      if (matches(settings().config, head)) {
        await this.#attempt(makeJob('retry', lane, sequence, head, body))
      } else {
        settlement.drop(lane, now())
        breaker.withdraw()
      }
    } finally {
      this.#retriesInFlight--
      book.setBusy(lane, false)
    }
  }

  /** Writes when it is time to, and lets go whoever waits for quiet. */
  #rest(): void {
    const { ledger, now } = this.#parts
    if (this.#isStopped) return
    const isQuiet = this.#isQuiet
    if (ledger.isDirty && (ledger.isDue(now()) || (isQuiet && !this.isStreaming))) this.#write()
    if (ledger.isDirty && isQuiet) this.#restLater(restAfterMs)
    else if (ledger.isDirty && this.#writeTimer === undefined) this.#restLater(maxUnwrittenMs)
    if (isQuiet && !ledger.isDirty) this.#wakeWaiters()
  }

  #write(): void {
    const { ledger, now, failed, replayer, written } = this.#parts
    clearTimeout(this.#writeTimer)
    this.#writeTimer = undefined
    try {
      if (replayer.isRunning)
        ledger.also(() => replayer.advance(now()) && ledger.controlChanged(now()), now())
      ledger.write(now())
      written()
    } catch (error) {
      failed(error)
    }
  }

  /** Writes after a while, whatever is under way then. */
  #restLater(delayMs: number): void {
    clearTimeout(this.#writeTimer)
    this.#writeTimer = setTimeout(() => {
      this.#writeTimer = undefined
      if (this.#isQuiet) this.isStreaming = false
      this.kick()
    }, delayMs)
  }

  #pumpLater(delayMs: number): void {
    this.#pumpTimer = setTimeout(() => this.kick(), Math.max(1, Math.ceil(delayMs)))
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
