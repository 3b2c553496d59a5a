/** Between two looks at the clock no more than this counts; each beat of a connector is a look. */
const maxStepMs = 5000
/** Some alarm is due within less than this while anybody is there; a longer gap means that the Fleet was away. */
const awayMs = 12_000

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
    this.#awakeAt += Math.min(Math.max(gap, 0), maxStepMs)
    if (Math.abs(gap) > awayMs) this.#awayUntil = this.#awakeAt + awayMs
    return this.#awakeAt
  }

  /** Whether the Fleet was away a moment ago: connectors may have lost it meanwhile, and are coming back. */
  wasAway(now: number): boolean {
    return now < this.#awayUntil
  }

  /** When, by the machine's clock, to look for what falls due at `dueAt` of this one: then or earlier. */
  alarmAt(dueAt: number): number {
    return this.#seenAt + Math.max(dueAt - this.#awakeAt, 0)
  }
}
