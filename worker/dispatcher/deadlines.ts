/** A request under way, and the way to end it. `isOver`: it was ended from here. */
export interface Bounded {
  readonly signal: AbortSignal
  readonly isOver: boolean
  /** Brings the end nearer; never moves it away. */
  shorten(withinMs: number): void
  /** Ends the request at once. */
  end(): void
}

class Slot implements Bounded {
  readonly #controller = new AbortController()
  readonly signal = this.#controller.signal
  readonly #moved: (endsAt: number) => void
  endsAt = Infinity
  isOver = false

  constructor(moved: (endsAt: number) => void) {
    this.#moved = moved
  }

  shorten(withinMs: number): void {
    const at = Date.now() + withinMs
    if (at >= this.endsAt) return
    this.endsAt = at
    this.#moved(at)
  }

  end(): void {
    this.isOver = true
    this.#controller.abort()
  }
}

/**
 * The time limits of the requests under way, kept by one timer: at full speed most requests end long before theirs, and a
 * timer and an abort signal for each would cost more than the request's signature. A slot is used again while nothing
 * was ended through it. No timer stands while nothing is under way, so that the object may sleep.
 */
export class Deadlines {
  readonly #running = new Set<Slot>()
  #idle: Slot[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Infinity

  /** Runs a request that is to end within `withinMs`. */
  async bound<Outcome>(withinMs: number, run: (bounded: Bounded) => Promise<Outcome>): Promise<Outcome> {
    const slot = this.#idle.pop() ?? new Slot((endsAt) => this.#arm(endsAt))
    slot.endsAt = Date.now() + withinMs
    this.#running.add(slot)
    this.#arm(slot.endsAt)
    try {
      return await run(slot)
    } finally {
      this.#running.delete(slot)
      if (!slot.isOver) this.#idle.push(slot)
      if (this.#running.size === 0) this.#disarm()
    }
  }

  /** Ends everything that is under way. */
  endAll(): void {
    for (const slot of this.#running) slot.end()
    this.#disarm()
  }

  /** Makes sure that the timer rings by then. */
  #arm(at: number): void {
    if (this.#timerAt <= at) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => this.#endOverdue(), Math.max(0, at - Date.now()))
  }

  #endOverdue(): void {
    this.#timerAt = Infinity
    const now = Date.now()
    for (const slot of this.#running) {
      if (slot.isOver) continue
      if (slot.endsAt <= now) slot.end()
      else this.#arm(slot.endsAt)
    }
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
  }
}
