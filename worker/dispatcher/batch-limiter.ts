import { LeastTimes } from './least-times.ts'

/**
 * So many requests per millisecond the batches under way in one isolate are expected to make together: about what its thread
 * can. With more of them at once nothing is done sooner, and each request costs up to a half more, because what those under
 * way need does not fit the processor's cache any more.
 */
export const maxRequestsPerMillisecond = 8
/** An endpoint that answers faster is expected to take so long: with a few connections more, nobody waits for the next turn. */
const leastExpectedMs = 3
/** Who waits asks again after so long, though nobody has called, … */
export const askAgainMs = 500
/** … and has gone if it has not asked for so long. */
const goneAfterMs = 1500
/** A batch that has not ended by then never will: its Dispatcher died. */
const endsWithinMs = 5000

interface Waiting {
  askedAt: number
  perMs: number
  turn: PromiseWithResolvers<void> | null
}

/**
 * Who may begin a batch, of all Dispatchers that live in the same isolate: they share its thread and its memory. Whoever has
 * waited longest comes first. An endpoint that takes its time hardly counts, so that nobody has to wait for it.
 */
export class BatchLimiter {
  readonly #running = new Map<object, { perMs: number; endsBy: number }>()
  readonly #waiting = new Map<object, Waiting>()
  readonly #leastTimes = new LeastTimes()

  /** An endpoint has taken an event. */
  delivered(url: string, tookMs: number, now: number): void {
    this.#leastTimes.add(url, tookMs, now)
  }

  /**
   * Asks for a batch of so many connections to an endpoint.
   * @returns null when it may begin; it is under way until `leave`. Else a promise, resolved when to ask again.
   */
  enter(who: object, connections: number, url: string, now: number): Promise<void> | null {
    this.#forgetGone(now)
    const perMs = connections / Math.max(leastExpectedMs, this.#leastTimes.of(url) ?? 0)
    const [first = who] = this.#waiting.keys()
    if (first === who && this.#hasRoomFor(perMs)) {
      this.#waiting.delete(who)
      this.#running.set(who, { perMs, endsBy: now + endsWithinMs })
      this.#callFirst()
      return null
    }
    const turn = this.#waiting.get(who)?.turn ?? Promise.withResolvers<void>()
    this.#waiting.set(who, { askedAt: now, perMs, turn })
    return turn.promise
  }

  /** The batch begins nothing more, or there is none to begin. */
  leave(who: object): void {
    if (this.#running.delete(who) || this.#waiting.delete(who)) this.#callFirst()
  }

  #hasRoomFor(perMs: number): boolean {
    let expected = perMs
    for (const running of this.#running.values()) expected += running.perMs
    return this.#running.size === 0 || expected <= maxRequestsPerMillisecond
  }

  /**
   * An object may not act for another; but who waits for a promise goes on for itself, whoever resolves it (compatibility flag
   * `handle_cross_request_promise_resolution`, on since 2024-10-14).
   */
  #callFirst(): void {
    const [first] = this.#waiting.values()
    if (!first?.turn || !this.#hasRoomFor(first.perMs)) return
    first.turn.resolve()
    first.turn = null
  }

  #forgetGone(now: number): void {
    for (const [who, { askedAt }] of this.#waiting) if (now - askedAt > goneAfterMs) this.#waiting.delete(who)
    for (const [who, { endsBy }] of this.#running) if (now > endsBy) this.#running.delete(who)
  }
}

export const batchLimiter = new BatchLimiter()
