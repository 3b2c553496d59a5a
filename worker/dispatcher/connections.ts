import { askAgainMs } from './batch-limiter.ts'
import { batchWaitMs, type Batch, type Batches } from './batches.ts'
import type { Breaker } from './breaker.ts'
import { makeJob, type Job } from './job.ts'
import type { LaneBook } from './lane-book.ts'
import type { Ledger } from './ledger.ts'
import type { LogIntake } from './log-intake.ts'
import { matches, readHead } from './match.ts'
import type { Answer } from './outcome.ts'
import type { Attempt, LaneRecord, Settings } from './record.ts'
import type { Replayer } from './replayer.ts'
import type { Settlement } from './settlement.ts'
import type { Stream } from './stream.ts'
import type { Throttle } from './throttle.ts'

/** Cloudflare gives an object six outgoing connections; a seventh request would wait with its clock running. */
export const maxConnections = 6
/** Of these, retries may hold so many while there is fresh work. */
const maxRetryConnections = 3

export interface ConnectionsParts {
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
}

interface Hooks {
  /** A connection is free, or will be of use now. */
  freed: () => void
  /** Progress is to be written before more is sent. */
  write: () => void
}

/** The connections to an endpoint: what may be sent is sent while one is free. */
export class Connections {
  readonly #parts: ConnectionsParts
  readonly #hooks: Hooks
  #inFlight = 0
  #retriesInFlight = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(parts: ConnectionsParts, hooks: Hooks) {
    this.#parts = parts
    this.#hooks = hooks
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether more is going to happen by itself. */
  get isMoving(): boolean {
    return this.#inFlight > 0 || this.#parts.batches.waitsForTurn
  }

  /** Sends whatever may be sent now. */
  fill(): void {
    const { now, isActive, settings, throttle, batches, breaker } = this.#parts
    clearTimeout(this.#timer)
    const isLimited = settings().config.rateLimitPerSecond !== undefined
    const mayBatch = isActive() && !isLimited && breaker.isClosed
    if (!mayBatch) batches.withdraw()
    while (this.#inFlight < maxConnections && isActive()) {
      const at = now()
      const wanted = isLimited ? this.#countStartable(at) : 0
      if (isLimited && wanted === 0) return
      const waitMs = throttle.wait(at, wanted)
      if (waitMs === null) return
      if (waitMs > 0) {
        this.#fillLater(waitMs)
        return
      }
      const batch = mayBatch ? batches.next(at, maxConnections - this.#inFlight) : null
      if (batch === 'soon') {
        if (this.#startDue(at)) continue
        this.#fillLater(batches.waitsForTurn ? askAgainMs : batchWaitMs)
        return
      }
      if (batch) this.#startBatch(batch)
      else if (this.#startOne(at)) throttle.take()
      else return
    }
  }

  /** Sends one event because a tenant asks for it; what is under way is not waited for. */
  async sendNow(job: Job): Promise<Attempt> {
    const { book } = this.#parts
    book.setBusy(job.lane, true)
    try {
      return await this.#attempt(job)
    } finally {
      book.setBusy(job.lane, false)
      this.#hooks.freed()
    }
  }

  /** Begins nothing by itself any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#parts.batches.withdraw()
  }

  #startBatch(batch: Batch): void {
    // What a batch delivers is unwritten until it is told of.
    if (this.#parts.ledger.isFull(batch.open.size)) this.#hooks.write()
    this.#inFlight += batch.request.connections
    void this.#parts.batches.run(batch, (connections) => {
      this.#inFlight -= connections
      this.#hooks.freed()
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
      this.#hooks.freed()
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

  #fillLater(delayMs: number): void {
    this.#timer = setTimeout(() => this.#hooks.freed(), Math.max(1, Math.ceil(delayMs)))
  }
}
