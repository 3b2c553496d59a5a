/**
 * Whether an endpoint as a whole is to be tried.
 *
 *   closed --tripped or slowed--> open --due--> probing --succeeded--> closed
 *                                  ^               |
 *                                  +--- failed ----+
 *
 * `tripped` is a failure after which several different events have failed without a success between them: one event that
 * an endpoint cannot digest never closes the way for the others. `slowed` is an answer that asks to be spared. A success
 * closes the breaker whenever it comes. Total: every state answers every input.
 */
export type BreakerState = 'closed' | 'open' | 'probing'
export type BreakerInput = 'succeeded' | 'failed' | 'tripped' | 'slowed' | 'due'

interface Cell {
  state: BreakerState
  /** Wait before the next probe, longer than before. */
  waits?: true
}

export const breakerTable: Record<BreakerState, Record<BreakerInput, Cell>> = {
  closed: {
    succeeded: { state: 'closed' },
    failed: { state: 'closed' },
    tripped: { state: 'open', waits: true },
    slowed: { state: 'open', waits: true },
    due: { state: 'closed' },
  },
  open: {
    succeeded: { state: 'closed' },
    failed: { state: 'open' },
    tripped: { state: 'open' },
    slowed: { state: 'open' },
    due: { state: 'probing' },
  },
  probing: {
    succeeded: { state: 'closed' },
    failed: { state: 'open', waits: true },
    tripped: { state: 'open', waits: true },
    slowed: { state: 'open', waits: true },
    due: { state: 'probing' },
  },
}

/** Different events that fail in a row before the endpoint itself is taken to be down. */
export const tripAfterEvents = 5

export interface BreakerRecord {
  state: BreakerState
  /** How many probes have failed in a row. */
  step: number
  probeAt: number
}

export class Breaker {
  readonly record: BreakerRecord
  readonly #suspects = new Set<number>()
  readonly #delay: (step: number) => number

  /** @param delay milliseconds before probe number `step`. */
  constructor(record: BreakerRecord | null, delay: (step: number) => number) {
    this.record = record ?? { state: 'closed', step: 0, probeAt: 0 }
    // A probe that was under way when the object went away is made again.
    if (this.record.state === 'probing') this.record.state = 'open'
    this.#delay = delay
  }

  get isClosed(): boolean {
    return this.record.state === 'closed'
  }

  /** Whether a probe may begin now. */
  isDue(now: number): boolean {
    return this.record.state === 'open' && this.record.probeAt <= now
  }

  probe(now: number): void {
    this.#apply('due', now, 0)
  }

  /** The probe could not be made; it is still due. */
  withdraw(): void {
    if (this.record.state === 'probing') this.record.state = 'open'
  }

  /** The endpoint may be another one now: a probe is due at once. */
  hurry(now: number): void {
    if (this.record.state === 'open') this.record.probeAt = now
    this.record.step = 0
  }

  /** An attempt was answered well. @returns whether anything changed. */
  succeed(now: number): boolean {
    this.#suspects.clear()
    const before = this.record.state
    this.#apply('succeeded', now, 0)
    this.record.step = 0
    return before !== this.record.state
  }

  /**
   * An attempt failed.
   * @param waitMs what the endpoint asked for, or 0.
   */
  fail(sequence: number, now: number, slowsDown: boolean, waitMs: number): boolean {
    if (this.#suspects.size < tripAfterEvents) this.#suspects.add(sequence)
    const isTripped = this.#suspects.size >= tripAfterEvents
    const before = this.record.state
    this.#apply(slowsDown ? 'slowed' : isTripped ? 'tripped' : 'failed', now, waitMs)
    return before !== this.record.state
  }

  #apply(input: BreakerInput, now: number, waitMs: number): void {
    const cell = breakerTable[this.record.state][input]
    this.record.state = cell.state
    if (cell.waits) {
      this.record.probeAt = now + Math.max(waitMs, this.#delay(this.record.step))
      this.record.step++
    } else if (cell.state === 'open' && waitMs > 0) {
      this.record.probeAt = Math.max(this.record.probeAt, now + waitMs)
    }
  }
}
