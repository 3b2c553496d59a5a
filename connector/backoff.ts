/**
 * How long to wait before try number `attempt` (1, 2, 3 …): doubling from `firstMs` to `maxMs`, each between half and
 * whole, so that many who lost the same peer do not come back at the same moment.
 */
export function backoffMs(
  attempt: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  random: () => number = Math.random,
): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(whole * (0.5 + random() / 2))
}

/** A connection that stood for so long begins the pauses between tries anew. */
export const steadyMs = 10_000
const turnedAway = { firstMs: 500, maxMs: 60_000 }
const broken = { firstMs: 500, maxMs: 5000 }

/**
 * How long to wait before WhatsApp is tried again. It is spared when it turns the account away; while it lets the account in
 * and connections break soon, as on a bad network, the pauses stay short. The two are counted apart: one that breaks in its
 * login after many that had been open is the first of its kind.
 */
export class Pauses {
  #turnedAway = 0
  #broken = 0

  /** A connection has ended: it was open for so long, or never. */
  ended(openMs: number | undefined): void {
    if (openMs === undefined) {
      this.#turnedAway += 1
      return
    }
    this.#turnedAway = 0
    this.#broken = openMs > steadyMs ? 1 : this.#broken + 1
  }

  /** Milliseconds until the next try. */
  next(random?: () => number): number {
    return this.#turnedAway > 0
      ? backoffMs(this.#turnedAway, turnedAway, random)
      : backoffMs(Math.max(1, this.#broken), broken, random)
  }
}
