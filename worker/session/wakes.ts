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
}

export interface WakeTarget {
  wake(wake: Wake): Promise<unknown>
}

interface Lane {
  entries: LogEntry[]
  characters: number
  /** What gathered is not everything since the last call: only the head is told. */
  isCut: boolean
  isPending: boolean
  isBusy: boolean
  failures: number
  retryAt: number | null
}

const maxGatheredCharacters = 256 * 1024
const firstRetryMs = 1000
const maxRetryMs = 60_000

export class DispatcherWakes {
  readonly #lanes = new Map<string, Lane>()
  readonly #target: (idSubscription: string) => WakeTarget | null
  readonly #head: () => number
  readonly #failed: (error: unknown) => void

  constructor(
    target: (idSubscription: string) => WakeTarget | null,
    head: () => number,
    failed: (error: unknown) => void,
  ) {
    this.#target = target
    this.#head = head
    this.#failed = failed
  }

  /**
   * Gathers entries (none: the Dispatcher is to read the log), and calls unless they are unwanted: those wait for the
   * next call, so that what a Dispatcher gets has no holes. Returns what keeps the object alive meanwhile.
   */
  announce(idSubscription: string, entries: readonly LogEntry[], isWanted = true): Promise<void> | null {
    const lane = this.#lane(idSubscription)
    for (const { body } of entries) lane.characters += body.length
    if (entries.length === 0 || lane.characters > maxGatheredCharacters) lane.isCut = true
    if (lane.isCut) lane.entries = []
    else for (const entry of entries) lane.entries.push(entry)
    if (isWanted) lane.isPending = true
    return lane.isBusy || !lane.isPending ? null : this.#run(idSubscription, lane)
  }

  /** Repeats the calls that failed and are due. */
  retry(now: number): Promise<void>[] {
    const runs: Promise<void>[] = []
    for (const [idSubscription, lane] of this.#lanes) {
      if (!lane.isBusy && lane.isPending && (lane.retryAt ?? 0) <= now)
        runs.push(this.#run(idSubscription, lane))
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
      const target = this.#target(idSubscription)
      if (!target) {
        this.forget(idSubscription)
        return
      }
      const { entries } = lane
      reset(lane)
      try {
        await target.wake({ head: this.#head(), entries })
        lane.failures = 0
        lane.retryAt = null
      } catch (error) {
        reset(lane)
        lane.isPending = true
        lane.isCut = true
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
    // What an earlier life of this object has told is not known: the first call tells the head alone.
    const lane = { ...emptied(), isCut: true, isBusy: false, failures: 0, retryAt: null }
    this.#lanes.set(idSubscription, lane)
    return lane
  }
}

function emptied() {
  return { entries: [], characters: 0, isCut: false, isPending: false }
}

function reset(lane: Lane): void {
  Object.assign(lane, emptied())
}
