import type { Change } from './change.ts'
import type { StoredCommand } from './commands.ts'
import type { SessionLink } from './link.ts'
import type { NumberChecks } from './number-checks.ts'
import { failMessage } from './outbox.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'

interface TurnsParts {
  store: SessionStore
  link: SessionLink
  checks: NumberChecks
  change: (apply: (change: Change, record: SessionRecord) => void) => void
}

/** How long after a turn the alarm looks whether it was taken: the object may have been evicted. */
const backstopMs = 5000
/** How many of those that wait are looked at for numbers that WhatsApp is to be asked about. */
const lookAhead = 50

/**
 * Whose turn it is: tells the connector of waiting messages in their order, at the session's pace, and only while WhatsApp
 * is connected. What it was not told of waits here, can be taken back at once, and is no burst for the next connector,
 * however long WhatsApp was away. Nothing is told to a number of which WhatsApp was not asked.
 */
export class Turns {
  readonly #parts: TurnsParts
  #timer: ReturnType<typeof setTimeout> | undefined
  #comesBackAt = Infinity
  #isLooking = false

  constructor(parts: TurnsParts) {
    this.#parts = parts
  }

  /** Tells of what may go now, and comes back when the next may. */
  advance(): void {
    const { commands, pace } = this.#parts.store
    while (this.#canTell()) {
      const now = Date.now()
      const { pacing } = this.#parts.store.record!.settings
      const nextAt = pace.nextAt(pacing, now)
      if (nextAt > now && this.#comesBackAt <= nextAt) return
      const [command] = commands.waiting(1)
      if (!command) return
      if (nextAt > now) return this.#comeBack(nextAt, now)
      const address = this.#parts.checks.addressOf(command.command.message.to, now)
      if (address === undefined) return this.#look(now)
      if (address === null) this.#fail(command)
      else this.#tell(command, address, now)
    }
  }

  /** When the alarm is to look after what waits. */
  nextDue(now: number): number | null {
    if (!this.#canTell()) return null
    const { pace, record } = this.#parts.store
    return pace.nextAt(record!.settings.pacing, now) + backstopMs
  }

  /** Whether the connector can be told of messages, or asked about numbers, now. */
  get isOpen(): boolean {
    const { record } = this.#parts.store
    if (!record || record.state !== 'connected' || record.desire !== 'run') return false
    return this.#parts.link.owner() !== null
  }

  #canTell(): boolean {
    return this.#parts.store.commands.hasWaiting && !this.#isLooking && this.isOpen
  }

  #tell(command: StoredCommand, address: string, now: number): void {
    const { store, link } = this.#parts
    const { settings, epoch } = store.record!
    store.pace.spend(settings.pacing, now)
    link.tellCommand(store.commands.markTold(command, epoch, address))
  }

  #fail(command: StoredCommand): void {
    const { store, change } = this.#parts
    change((draft, record) => failMessage(store, draft, record, command, 'notOnWhatsApp'))
  }

  #look(now: number): void {
    const { store, checks } = this.#parts
    if (checks.notBefore > now) return this.#comeBack(checks.notBefore, now)
    this.#isLooking = true
    const addresses = store.commands.waiting(lookAhead).map(({ command }) => command.message.to)
    void checks.look(addresses).finally(() => {
      this.#isLooking = false
      this.advance()
    })
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
