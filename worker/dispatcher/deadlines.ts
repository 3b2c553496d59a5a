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
  readonly #moved: (endsAt: number) => void
  endsAt: number
  isOver = false

  constructor(endsAt: number, moved: (endsAt: number) => void) {
    this.endsAt = endsAt
    this.#moved = moved
  }

  get signal(): AbortSignal {
    return this.#controller.signal
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
 * timer for each would cost more than the request's signature. No timer stands while nothing is under way, so that the
 * object may sleep.
 */
export class Deadlines {
  readonly #running = new Set<Slot>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Infinity

  /** Bounds a request that begins now and is to end within `withinMs`, until `finish`. */
  begin(withinMs: number): Bounded {
    const slot = new Slot(Date.now() + withinMs, (endsAt) => this.#arm(endsAt))
    this.#running.add(slot)
    this.#arm(slot.endsAt)
    return slot
  }

  /** The request has ended. */
  finish(bounded: Bounded): void {
    this.#running.delete(bounded as Slot)
    if (this.#running.size === 0) this.#disarm()
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
