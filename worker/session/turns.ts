import type { SessionLink } from './link.ts'
import type { SessionStore } from './store.ts'

/**
 * Whose turn it is: tells the connector of waiting messages in their order, at the session's pace, and only while WhatsApp
 * is connected. What it was not told of waits here, can be taken back at once, and is no burst for the next connector,
 * however long WhatsApp was away.
 */
export class Turns {
  readonly #store: SessionStore
  readonly #link: SessionLink
  #timer: ReturnType<typeof setTimeout> | undefined
  #comesBackAt = Infinity

  constructor(store: SessionStore, link: SessionLink) {
    this.#store = store
    this.#link = link
  }

  /** Tells of what may go now, and comes back when the next may. */
  advance(): void {
    const { commands, pace } = this.#store
    while (this.#canTell()) {
      const now = Date.now()
      const { settings, epoch } = this.#store.record!
      const nextAt = pace.nextAt(settings.pacing, now)
      if (nextAt > now && this.#comesBackAt <= nextAt) return
      const [command] = commands.waiting(1)
      if (!command) return
      if (nextAt > now) return this.#comeBack(nextAt, now)
      pace.spend(settings.pacing, now)
      commands.markTold(command.idCommand, epoch)
      this.#link.tellCommand(command)
    }
  }

  /** When the alarm is to look after what waits, should the object have been evicted meanwhile. */
  nextDue(now: number): number | null {
    return this.#canTell()
      ? this.#store.pace.nextAt(this.#store.record!.settings.pacing, now) + backstopMs
      : null
  }

  #canTell(): boolean {
    const { record, commands } = this.#store
    if (!record || !commands.hasWaiting || record.state !== 'connected' || record.desire !== 'run')
      return false
    return this.#link.owner() !== null
  }

  #comeBack(at: number, now: number): void {
    clearTimeout(this.#timer)
    this.#comesBackAt = at
    this.#timer = setTimeout(
      () => {
        this.#comesBackAt = Infinity
        this.advance()
      },
      Math.ceil(at - now),
    )
  }
}

const backstopMs = 5000
