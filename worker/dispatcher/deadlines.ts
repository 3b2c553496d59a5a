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
  readonly #moved: () => void
  endsAt = Infinity

  constructor(moved: () => void) {
    this.#moved = moved
  }

  get isOver(): boolean {
    return this.signal.aborted
  }

  shorten(withinMs: number): void {
    const at = Date.now() + withinMs
    if (at >= this.endsAt) return
    this.endsAt = at
    this.#moved()
  }

  end(): void {
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
    const slot = this.#idle.pop() ?? new Slot(() => this.#arm())
    slot.endsAt = Date.now() + withinMs
    this.#running.add(slot)
    this.#arm()
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

  #arm(): void {
    let at = Infinity
    for (const { endsAt, isOver } of this.#running) if (!isOver) at = Math.min(at, endsAt)
    if (this.#timerAt <= at) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    this.#timer = setTimeout(() => this.#endOverdue(), Math.max(0, at - Date.now()))
  }

  #endOverdue(): void {
    this.#timerAt = Infinity
    const now = Date.now()
    for (const slot of this.#running) if (slot.endsAt <= now) slot.end()
    if (this.#running.size > 0) this.#arm()
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
  }
}
