import type { Pacing } from '../../schema/api/pacing.ts'

/**
 * How much of a session's pace is used up, as the time until which it is: each message moves that on by one interval, and
 * it may be ahead of the clock by a burst. Stored with each message told, so that neither a hibernation of the object nor
 * a new connector begins a new burst.
 */
export class Pace {
  readonly #sql: SqlStorage
  #spentUntil = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    const row = this.#sql.exec<{ at: number }>('SELECT spent_until AS at FROM pace').toArray()[0]
    this.#spentUntil = row?.at ?? 0
  }

  /** When the next message may go: now or later. */
  nextAt(pacing: Pacing | null, now: number): number {
    if (!pacing) return now
    const intervalMs = 60_000 / pacing.messagesPerMinute
    return Math.max(now, this.#spentUntil - (pacing.burst - 1) * intervalMs)
  }

  /** One message goes. */
  spend(pacing: Pacing | null, now: number): void {
    if (!pacing) return
    this.#write(Math.max(now, this.#spentUntil) + 60_000 / pacing.messagesPerMinute)
  }

  /** The pace has changed: what was spent under a slower one delays this one no longer than its own burst would. */
  adapt(pacing: Pacing | null, now: number): void {
    if (!pacing) return
    const most = now + (pacing.burst * 60_000) / pacing.messagesPerMinute
    if (this.#spentUntil > most) this.#write(most)
  }

  #write(spentUntil: number): void {
    this.#spentUntil = spentUntil
    this.#sql.exec('INSERT OR REPLACE INTO pace (id, spent_until) VALUES (1, ?)', spentUntil)
  }
}
