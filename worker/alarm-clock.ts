/** An alarm that is overdue for longer than this has been forgotten by the platform: it is set anew. */
const maxOverdueMs = 30_000

/**
 * One alarm for many due times. It is set only when none stands that is early enough, because each setting is a billed
 * write and an earlier one costs a round trip.
 */
export class AlarmClock {
  #at: number | null = null
  readonly #storage: DurableObjectStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
  }

  /** Reads what stands in storage; to be called before anything else. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm()
  }

  /** The alarm has gone off. */
  spend(): void {
    this.#at = null
  }

  /** Makes sure that the alarm goes off at `at` or earlier; null when it does already. */
  ensure(at: number): Promise<void> | null {
    const isStanding = this.#at !== null && this.#at > Date.now() - maxOverdueMs
    if (isStanding && (this.#at ?? 0) <= at) return null
    this.#at = at
    return this.#storage.setAlarm(at)
  }

  /** Removes the alarm. */
  async clear(): Promise<void> {
    this.#at = null
    await this.#storage.deleteAlarm()
  }
}
