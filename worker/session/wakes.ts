import type { LogEntry } from './event-line.ts'

/**
 * Tells Dispatchers that the log has grown. One call to each is under way at a time; what is logged meanwhile gathers for
 * the next. What gathers is bounded: beyond the bound only the head is told and the Dispatcher reads the log itself. A
 * call that fails is repeated; the session's alarm is the backstop, and a new life of the object wakes all once.
 */
export interface Wake {
  head: number
  /** New entries in order; empty when the Dispatcher is to read the log itself. */
  entries: LogEntry[]
  version: number
}

export interface WakeTarget {
  wake(wake: Wake): Promise<unknown>
}

interface Lane {
  entries: LogEntry[]
  characters: number
  isPending: boolean
  isBusy: boolean
  failures: number
  retryAt: number | null
}

const maxGatheredCharacters = 512 * 1024
const firstRetryMs = 1000
const maxRetryMs = 60_000

export class DispatcherWakes {
  readonly #lanes = new Map<string, Lane>()
  readonly #target: (idSubscription: string) => { target: WakeTarget; version: number } | null
  readonly #head: () => number
  readonly #failed: (error: unknown) => void

  constructor(
    target: (idSubscription: string) => { target: WakeTarget; version: number } | null,
    head: () => number,
    failed: (error: unknown) => void,
  ) {
    this.#target = target
    this.#head = head
    this.#failed = failed
  }

  /** Announces entries (none: the head alone). Returns what to wait for so that the object stays alive meanwhile. */
  announce(idSubscription: string, entries: readonly LogEntry[]): Promise<void> | null {
    const lane = this.#lane(idSubscription)
    let characters = 0
    for (const { body } of entries) characters += body.length
    const fits = lane.characters + characters <= maxGatheredCharacters
    const isWhole = entries.length > 0 && (!lane.isPending || lane.entries.length > 0)
    if (fits && isWhole) {
      for (const entry of entries) lane.entries.push(entry)
      lane.characters += characters
    } else {
      lane.entries = []
      lane.characters = 0
    }
    lane.isPending = true
    return lane.isBusy ? null : this.#run(idSubscription, lane)
  }

  /** Repeats the calls that failed and are due. */
  retry(now: number): Promise<void>[] {
    const runs: Promise<void>[] = []
    for (const [idSubscription, lane] of this.#lanes) {
      if (!lane.isBusy && lane.isPending && (lane.retryAt ?? 0) <= now) runs.push(this.#run(idSubscription, lane))
    }
    return runs
  }

  /** When the next failed call is to be repeated; null when none is. */
  nextRetry(): number | null {
    let next: number | null = null
    for (const { retryAt, isPending } of this.#lanes.values()) {
      if (isPending && retryAt !== null && (next === null || retryAt < next)) next = retryAt
    }
    return next
  }

  forget(idSubscription: string): void {
    this.#lanes.delete(idSubscription)
  }

  async #run(idSubscription: string, lane: Lane): Promise<void> {
    lane.isBusy = true
    while (lane.isPending) {
      const found = this.#target(idSubscription)
      if (!found) {
        this.forget(idSubscription)
        return
      }
      const { entries } = lane
      lane.entries = []
      lane.characters = 0
      lane.isPending = false
      try {
        await found.target.wake({ head: this.#head(), entries, version: found.version })
        lane.failures = 0
        lane.retryAt = null
      } catch (error) {
        lane.isPending = true
        lane.entries = []
        lane.characters = 0
        lane.retryAt = Date.now() + Math.min(firstRetryMs * 2 ** lane.failures, maxRetryMs)
        lane.failures += 1
        lane.isBusy = false
        this.#failed(error)
        return
      }
    }
    lane.isBusy = false
  }

  #lane(idSubscription: string): Lane {
    const known = this.#lanes.get(idSubscription)
    if (known) return known
    const lane = { entries: [], characters: 0, isPending: false, isBusy: false, failures: 0, retryAt: null }
    this.#lanes.set(idSubscription, lane)
    return lane
  }
}
