/**
 * The rate limit of a subscription, over all its sessions. One object of the subscription hands out the times at which
 * requests may start (`Starts`, in memory alone); each session's Dispatcher asks it for as many as it can use soon
 * (`Throttle`). So sessions that have something to send share the rate, and nothing is asked where no limit is set. When that
 * object is lost, the next second may have what the last one had left besides. A time that was not used is lost.
 */
export interface StartsGiven {
  /** The first start, in milliseconds; the others follow evenly. */
  at: number
  everyMs: number
  count: number
}

/** Timers are late: a start that was missed by no more than this is made up for, else the rate would not be reached. */
const maxCatchUpMs = 50

/** How late starts may be asked for: at slow rates there is time enough between two of them. */
const creditMs = (everyMs: number) => (everyMs < maxCatchUpMs ? maxCatchUpMs : 0)
/** Starts are asked for so far ahead: the more sessions, the longer each may have to wait for its turn. */
const maxAheadMs = 100
const askAgainMs = 1000

/** Times at which the requests of one subscription may start. */
export class Starts {
  #nextAt = 0
  #rate = 0

  give({ rate, count }: { rate: number; count: number }, now: number): StartsGiven {
    if (rate !== this.#rate) this.#nextAt = 0
    this.#rate = rate
    const everyMs = 1000 / rate
    const at = Math.max(this.#nextAt, now - creditMs(everyMs))
    this.#nextAt = at + count * everyMs
    return { at, everyMs, count }
  }
}

interface ThrottleParts {
  rate: () => number | undefined
  ask: (question: { rate: number; count: number }) => Promise<StartsGiven>
  now: () => number
  /** Starts have come, or could not be asked for. */
  answered: () => void
  failed: (error: unknown) => void
}

/** One Dispatcher's share of the starts. */
export class Throttle {
  readonly #parts: ThrottleParts
  #given: StartsGiven = { at: 0, everyMs: 0, count: 0 }
  #asking = 0
  #retryAt = 0

  constructor(parts: ThrottleParts) {
    this.#parts = parts
  }

  /** When the next request may start, as far as that is known; 0 when there is no limit. */
  nextAt(now: number): number {
    if (this.#parts.rate() === undefined) return 0
    if (this.#given.count > 0) return this.#given.at
    return this.#asking > 0 ? now + maxAheadMs : this.#retryAt
  }

  /**
   * Milliseconds until a request may start; null while that is being asked for.
   * @param wanted how many could start now.
   */
  wait(now: number, wanted: number): number | null {
    const rate = this.#parts.rate()
    if (rate === undefined) return 0
    this.#forget(now)
    if (this.#given.count > 0) return Math.max(0, this.#given.at - now)
    if (this.#asking > 0) return null
    if (this.#retryAt > now) return this.#retryAt - now
    const ahead = Math.max(1, Math.floor((rate * maxAheadMs) / 1000))
    void this.#ask({ rate, count: Math.max(1, Math.min(wanted, ahead)) })
    return null
  }

  /** A request has been started. */
  take(): void {
    const { at, everyMs, count } = this.#given
    if (count > 0) this.#given = { at: at + everyMs, everyMs, count: count - 1 }
  }

  /** The limit is another now. */
  reset(): void {
    this.#given = { at: 0, everyMs: 0, count: 0 }
  }

  #forget(now: number): void {
    const latest = now - maxCatchUpMs - creditMs(this.#given.everyMs)
    while (this.#given.count > 0 && this.#given.at < latest) this.take()
  }

  async #ask(question: { rate: number; count: number }): Promise<void> {
    const { ask, now, rate, answered, failed } = this.#parts
    this.#asking++
    try {
      const given = await ask(question)
      if (rate() === question.rate) this.#given = given
    } catch (error) {
      this.#retryAt = now() + askAgainMs
      failed(error)
    } finally {
      this.#asking--
      answered()
    }
  }
}
