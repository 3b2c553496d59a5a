import { Connections, type ConnectionsParts } from './connections.ts'
import type { Job } from './job.ts'
import { restAfterMs } from './ledger.ts'
import type { Attempt } from './record.ts'
import type { LogEntry } from './stream.ts'
import { maxUnwrittenMs } from './unwritten.ts'

/** While work is under way, an alarm stands this far ahead, in case the object does not live to see its end. */
export const backstopMs = 10_000

export interface EngineParts extends ConnectionsParts {
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
  readonly #connections: Connections
  #isStopped = false
  #writeTimer: ReturnType<typeof setTimeout> | undefined
  #waiters: (() => void)[] = []

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#connections = new Connections(parts, {
      freed: () => this.kick(),
      write: () => this.#write(),
    })
  }

  /** Takes what the Session hands over. */
  accept(head: number, entries: readonly LogEntry[]): void {
    const { stream, isActive, breaker, intake } = this.#parts
    intake.isHeadKnown = true
    if (isActive() && (breaker.isClosed || stream.waiting.size === 0)) stream.accept(entries)
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
    const before = this.#connections.inFlight
    this.#connections.fill()
    this.#parts.intake.advance(() => this.kick())
    this.#rest(this.#connections.inFlight > before)
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
    if (!this.#isQuiet || ledger.isDirty) due.push(now + backstopMs)
    if (isActive()) {
      const earliest = breaker.isClosed ? 0 : breaker.record.probeAt
      const nextAt = book.nextAt()
      if (nextAt !== null) due.push(Math.max(nextAt, earliest, intake.retryAt, startAt))
      const isBehind =
        stream.waiting.size > 0 || stream.nextRead() !== null || (stream.cursor < stream.head && !book.isFull)
      if (isBehind || this.#parts.replayer.isRunning) {
        const isMoving = !this.#isQuiet || startAt > now
        due.push(Math.max(earliest, intake.retryAt, isMoving ? now + backstopMs : now))
      }
    }
    return due.length === 0 ? null : Math.min(...due)
  }

  /** Sends one event because a tenant asks for it; what is under way is not waited for. */
  sendNow(job: Job): Promise<Attempt> {
    return this.#connections.sendNow(job)
  }

  /** Ends for good: nothing is started any more. */
  stop(): void {
    this.#isStopped = true
    this.#connections.stop()
    clearTimeout(this.#writeTimer)
    this.#wakeWaiters()
  }

  get #isQuiet(): boolean {
    return !this.#connections.isMoving && !this.#parts.intake.isReading
  }

  /**
   * Writes when it is time to, and lets go whoever waits for quiet. A request that has just begun leaves first: the write
   * would hold it up by a commit, and has time until the answer comes or the timer rings.
   */
  #rest(hasBegun = false): void {
    const { ledger, now } = this.#parts
    if (this.#isStopped) return
    const isQuiet = this.#isQuiet
    const isDue = ledger.isFull() || (!hasBegun && ledger.isOld(now()))
    if (ledger.isDirty && (isDue || (isQuiet && !this.isStreaming))) this.#write()
    if (ledger.isDirty && isQuiet) this.#restLater(restAfterMs)
    else if (ledger.since !== null && this.#writeTimer === undefined) {
      const leftMs = ledger.since + maxUnwrittenMs - now()
      this.#restLater(Math.min(maxUnwrittenMs, Math.max(restAfterMs, leftMs)))
    }
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
      this.#rest()
      this.kick()
    }, delayMs)
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
