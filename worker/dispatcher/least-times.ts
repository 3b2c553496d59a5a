const pageMs = 60_000

/** The least time in which each address has answered of late: in this minute and the one before, in milliseconds. */
export class LeastTimes {
  #page = new Map<string, number>()
  #before = new Map<string, number>()
  #endsAt = 0

  add(url: string, tookMs: number, now: number): void {
    if (now >= this.#endsAt) {
      this.#before = now - this.#endsAt < pageMs ? this.#page : new Map()
      this.#page = new Map()
      this.#endsAt = now + pageMs
    }
    const least = this.#page.get(url)
    if (least === undefined || tookMs < least) this.#page.set(url, tookMs)
  }

  /** Null when the address has not answered of late. */
  of(url: string): number | null {
    const known = [this.#page.get(url), this.#before.get(url)].filter((ms) => ms !== undefined)
    return known.length === 0 ? null : Math.min(...known)
  }
}
