import type { BatchLimiter } from './batch-limiter.ts'
import type { ErrandRequest, Report } from './errand.ts'
import type { Health } from './health.ts'
import type { Job } from './job.ts'
import type { Settings } from './record.ts'
import type { Settlement } from './settlement.ts'
import type { Stream } from './stream.ts'
import { maxBatchMs, maxUnwritten } from './unwritten.ts'

/** Most events of a batch: together with one more they may be unwritten. */
export const maxBatchEvents = maxUnwritten - 1
/** For fewer, a call to the courier costs more than it spares; after so many deliveries in a row the endpoint is trusted. */
const minBatchEvents = 16
/** With fewer, a batch would be slower than single requests. */
const minConnections = 3
/** A connection is given so many events, if there are as many, … */
const roundsPerBatch = 8
/** … and, should requests take longer than usual, time for so many; but at least so long. Then the rest is given back. */
const maxRounds = 10
/** To an endpoint that takes longer than 150 ms, requests are made singly: they are few, and a batch would be long. */
const maxUsualMs = maxBatchMs / maxRounds
const minBatchMs = 100
/** So long a batch waits for connections that a request holds. */
export const batchWaitMs = 100
/** When a batch has broken off, requests are made singly for a while. */
const pauseMs = 10_000

export type BatchRequest = Omit<ErrandRequest, 'timeoutMs'>

export interface Batch {
  request: BatchRequest
  /** What has become of these is not known yet, by their place in the request. */
  open: Map<number, Job>
  /** Of the stream, when they were taken. */
  era: number
}

export interface BatchesParts {
  stream: Stream
  health: Health
  settlement: Settlement
  settings: () => Settings
  limiter: BatchLimiter
  /** It may be time for a batch. */
  wake: () => void
  send: (request: BatchRequest, report: (report: Report) => void) => Promise<Report>
  now: () => number
  failed: (error: unknown) => void
}

/** Many events that go together to an endpoint which takes them quickly; one batch at a time. */
export class Batches {
  readonly #parts: BatchesParts
  /** Resolves when the batch under way begins nothing more. */
  #begun: Promise<void> | null = null
  /** Since when a batch waits for connections. */
  #waitsSince: number | null = null
  #pausedUntil = 0
  /** Resolves when a batch may be let in; null while none waits for that. */
  #turn: Promise<void> | null = null

  constructor(parts: BatchesParts) {
    this.#parts = parts
  }

  /** Whether a batch waits to be let in; it asks again by itself. */
  get waitsForTurn(): boolean {
    return this.#turn !== null
  }

  /** None is to be let in for now; one that is under way goes on. */
  withdraw(): void {
    if (this.#begun) return
    this.#turn = null
    this.#parts.limiter.leave(this)
  }

  /** Resolves, soon, when nothing is begun any more of what was taken before this call. */
  async ended(): Promise<void> {
    await this.#begun
  }

  /**
   * Takes what so many free connections are likely to send in a batch's time. `soon`: there will be a batch when more
   * connections are free or its turn has come, so that nothing fresh is to be begun singly meanwhile. Null when single
   * requests do better.
   */
  next(now: number, connections: number): Batch | 'soon' | null {
    if (this.#begun) return 'soon'
    if (now < this.#pausedUntil || !this.#isWorthwhile) {
      this.#waitsSince = null
      this.withdraw()
      return null
    }
    if (connections < minConnections) {
      this.#waitsSince ??= now
      this.withdraw()
      return now - this.#waitsSince < batchWaitMs ? 'soon' : null
    }
    this.#waitsSince = null
    return this.#isTurn(now, connections) ? this.#take(connections) : 'soon'
  }

  /** Sends a batch and settles it. `freed` is told of its connections as they become free. */
  async run(batch: Batch, freed: (connections: number) => void): Promise<void> {
    const { send, failed, now } = this.#parts
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#begun = promise
    let held = batch.request.connections
    const take = (report: Report) => {
      if (this.#begun === promise) {
        this.#begun = null
        this.withdraw()
      }
      resolve()
      this.#settle(batch, report)
      const needed = Math.min(held, report.underWay.length)
      const free = held - needed
      held = needed
      freed(free)
    }
    try {
      take(await send(batch.request, take))
    } catch (error) {
      failed(error)
      this.#pausedUntil = now() + pauseMs
      // What is not known is sent again.
      take({ sent: [], underWay: [] })
    }
  }

  get #isWorthwhile(): boolean {
    const { stream, health } = this.#parts
    const isTrusted = health.streak >= minBatchEvents && health.usualMs <= maxUsualMs
    return isTrusted && stream.waiting.size >= minBatchEvents && stream.waiting.hasReady
  }

  #isTurn(now: number, connections: number): boolean {
    const { limiter, settings, wake } = this.#parts
    const turn = limiter.enter(this, connections, settings().config.url, now)
    if (turn !== null && turn !== this.#turn) void turn.then(wake)
    this.#turn = turn
    return turn === null
  }

  #take(connections: number): Batch {
    const { stream, health, settings } = this.#parts
    const usualMs = Math.max(1, health.usualMs)
    const beginWithinMs = Math.max(minBatchMs, maxRounds * usualMs)
    const likely = Math.floor((connections * beginWithinMs * roundsPerBatch) / (maxRounds * usualMs))
    const jobs = stream.waiting.takeMany(Math.min(likely, maxBatchEvents)).map(({ item }) => item)
    const { url, secrets, headers } = settings().config
    const events = jobs.map(({ lane, idEvent, body }) => ({ lane, idEvent, body }))
    const request = { destination: { url, secrets, headers }, connections, beginWithinMs, events }
    return { request, open: new Map(jobs.entries()), era: stream.era }
  }

  /** Settles what was sent. What was not, and is not under way, waits again. */
  #settle({ request, open, era }: Batch, { sent, underWay }: Report): void {
    const { stream, settlement } = this.#parts
    const { url } = request.destination
    const done = sent.flatMap(({ index, ...rest }) => {
      const job = open.get(index)
      open.delete(index)
      return job ? [{ job, ...rest }] : []
    })
    const unsent = Array.from(open).filter(([index]) => !underWay.includes(index))
    for (const [index] of unsent) open.delete(index)
    const back = unsent.map(([, job]) => job)
    // Before the failures are settled: what stands behind one of them in its lane is dropped then.
    stream.putBack(back, era)
    for (const { job, at, until, answer } of done) settlement.settle(job, { at, url }, answer, until)
    const stillBusy = new Set(Array.from(open.values(), ({ lane }) => lane))
    const lanes = new Set([...done.map(({ job }) => job), ...back].map(({ lane }) => lane))
    for (const lane of lanes) if (!stillBusy.has(lane)) stream.waiting.finish(lane)
  }
}
