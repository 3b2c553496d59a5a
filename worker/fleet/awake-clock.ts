/** The Fleet looks at least this often while anything falls due; of a longer gap no more than this counts. */
export const tickMs = 2500
/** A gap longer than this means that the Fleet was away, or that the machine's clock jumped. */
const awayMs = 10_000

/**
 * Time as the Fleet has lived through it, in milliseconds: what passed while it was suspended, or by a jump of the
 * machine's clock, is nobody's silence and uses up nobody's grace. It begins at the machine's time and falls behind it.
 */
export class AwakeClock {
  #seenAt = Date.now()
  #awakeAt = this.#seenAt
  #awayUntil = -Infinity

  /** Looks at the machine's clock. */
  now(): number {
    const at = Date.now()
    const gap = at - this.#seenAt
    this.#seenAt = at
    this.#awakeAt += Math.min(Math.max(gap, 0), tickMs)
    if (Math.abs(gap) > awayMs) this.#awayUntil = this.#awakeAt + awayMs
    return this.#awakeAt
  }

  /** Whether the Fleet was away a moment ago: connectors may have lost it meanwhile, and are coming back. */
  wasAway(now: number): boolean {
    return now < this.#awayUntil
  }

  /** When, by the machine's clock, to look again for what falls due at `dueAt` of this one. */
  alarmAt(dueAt: number): number {
    return this.#seenAt + Math.min(Math.max(dueAt - this.#awakeAt, 0), tickMs)
  }
}
