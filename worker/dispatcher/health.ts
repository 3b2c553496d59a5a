const maxSamples = 200
/** `usualMs` is the mean of so many attempts, and follows about as many from then on. */
const usualOver = 16

/** How an endpoint fares: the last attempts, kept in memory. After a restart it begins with what the attempt log still has. */
export class Health {
  /** How many attempts in a row have delivered, up to now. */
  streak = 0
  /** How long an attempt takes of late, in milliseconds. */
  usualMs = 0
  readonly #samples: { isDelivered: boolean; durationMs: number }[] = []
  #next = 0
  #attempts = 0

  add(isDelivered: boolean, durationMs: number): void {
    this.#samples[this.#next] = { isDelivered, durationMs }
    this.#next = (this.#next + 1) % maxSamples
    this.streak = isDelivered ? this.streak + 1 : 0
    this.#attempts += 1
    this.usualMs += (durationMs - this.usualMs) / Math.min(this.#attempts, usualOver)
  }

  /** Share of deliveries among the last attempts, and percentiles of their durations; null without any. */
  summary(): { attempts: number; successRate: number | null; p50Ms: number | null; p95Ms: number | null } {
    const count = this.#samples.length
    if (count === 0) return { attempts: 0, successRate: null, p50Ms: null, p95Ms: null }
    const durations = this.#samples.map(({ durationMs }) => durationMs).sort((one, other) => one - other)
    const good = this.#samples.filter(({ isDelivered }) => isDelivered).length
    const at = (share: number) => durations[Math.min(Math.ceil(count * share) - 1, count - 1)] ?? null
    return { attempts: count, successRate: good / count, p50Ms: at(0.5), p95Ms: at(0.95) }
  }
}
