/** A request under way, and the way to end it. */
export interface Bounded {
  /** For `fetch`; null when the request ends with the call that it is made in. */
  readonly signal: AbortSignal | null
  /** It was ended from here. */
  readonly isOver: boolean
  /** Waits for a part of the request. @throws when the request is ended meanwhile. */
  wait<Value>(part: Promise<Value>): Promise<Value>
  /** Brings the end nearer; never moves it away. */
  shorten(withinMs: number): void
  /** Ends the request at once. */
  end(): void
}

class Slot implements Bounded {
  readonly #controller: AbortController | null
  readonly #moved: (endsAt: number) => void
  #giveUp: (reason: Error) => void = () => {}
  endsAt: number
  isOver = false

  constructor(endsAt: number, controller: AbortController | null, moved: (endsAt: number) => void) {
    this.endsAt = endsAt
    this.#controller = controller
    this.#moved = moved
  }

  get signal(): AbortSignal | null {
    return this.#controller?.signal ?? null
  }

  wait<Value>(part: Promise<Value>): Promise<Value> {
    if (this.#controller) return part
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      part.then(resolve, reject)
    })
  }

  shorten(withinMs: number): void {
    const at = Date.now() + withinMs
    if (at >= this.endsAt) return
    this.endsAt = at
    this.#moved(at)
  }

  end(): void {
    this.isOver = true
    this.#controller?.abort()
    this.#giveUp(new Error('The request was ended.'))
  }
}

/**
 * The time limits of the requests under way, kept by one timer: at full speed most requests end long before theirs, and a
 * timer for each would cost more than the request's signature. No timer stands while nothing is under way, so that the
 * object may sleep.
 *
 * An abort signal costs a tenth of a request. A call that makes requests and then ends needs none: what it leaves ends with it.
 */
export class Deadlines {
  readonly #hasSignals: boolean
  readonly #running = new Set<Slot>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = Infinity

  constructor(requests: 'abortedBySignal' | 'endedWithTheCall') {
    this.#hasSignals = requests === 'abortedBySignal'
  }

  /** Bounds a request that begins now and is to end within `withinMs`, until `finish`. */
  begin(withinMs: number): Bounded {
    const controller = this.#hasSignals ? new AbortController() : null
    const slot = new Slot(Date.now() + withinMs, controller, (endsAt) => this.#arm(endsAt))
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
