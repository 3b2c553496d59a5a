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
    return this.#set(at)
  }

  async #set(at: number): Promise<void> {
    this.#at = at
    try {
      await this.#storage.setAlarm(at)
    } catch (error) {
      if (this.#at === at) this.#at = null
      throw error
    }
  }

  /** Removes the alarm. */
  async clear(): Promise<void> {
    this.#at = null
    await this.#storage.deleteAlarm()
  }
}
