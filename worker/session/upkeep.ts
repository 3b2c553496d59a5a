import type { Change } from './change.ts'
import type { SessionDispatchers } from './dispatchers.ts'
import type { FleetTie } from './fleet-tie.ts'
import { releaseWithoutFile } from './held-release.ts'
import { applyInput } from './lifecycle.ts'
import { expireMessages } from './outbox.ts'
import type { SessionRecord } from './record.ts'
import { forgetExpired, nextTidying } from './retention.ts'
import { isActive } from './state-table.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'
import type { Turns } from './turns.ts'

interface UpkeepParts {
  store: SessionStore
  dispatchers: SessionDispatchers
  fleet: FleetTie
  turns: Turns
  retentionMs: number
  change: (apply: (change: Change, record: SessionRecord) => void) => void
  failed: (error: unknown) => void
  /** The deleted session has nothing left to do. */
  erase: () => Promise<void>
}

/** What falls due: deadlines of files, of what was asked, of messages; retention; repeats; the end of a deleted session. */
export class Upkeep {
  readonly #parts: UpkeepParts
  #pruneMore = false
  #farewellAt: number | null = null

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  /** When there is something to do next; at the latest the standing alarm. */
  nextDue(now: number): number {
    const { store, dispatchers, fleet, turns } = this.#parts
    const { record } = store
    const dues = [
      now + timing.standingMs,
      store.held.nextDeadline(),
      this.#forceAskedAt(),
      dispatchers.nextRetry(),
      dispatchers.isConfigured ? null : now + timing.repeatMs,
      fleet.nextDue(),
      store.commands.nextExpiry(),
      turns.nextDue(now),
      this.#pruneMore ? now + 200 : null,
      record && nextTidying(record, this.#parts.retentionMs),
      this.#farewellAt,
    ]
    return Math.min(...dues.filter((due) => due !== null))
  }

  /** Does what is due; what fails is reported and does not keep the rest from being done. */
  async run(now: number): Promise<void> {
    const { store, dispatchers, fleet, turns, change, failed } = this.#parts
    const chores: (() => unknown)[] = [
      () => this.#giveUpFiles(now),
      () => this.#forceAsked(now),
      () => this.#expireMessages(now),
      () => turns.advance(),
      () =>
        change((_change, record) => {
          this.#pruneMore = forgetExpired(store, record, now, this.#parts.retentionMs)
        }),
      () => (dispatchers.isConfigured ? null : dispatchers.configure()),
      () => fleet.sync(now),
      () => Promise.all([...dispatchers.wakeAll(), ...dispatchers.retry(now)]),
      () => this.#farewell(now),
    ]
    for (const chore of chores) {
      if (!store.record) return
      try {
        await chore()
      } catch (error) {
        failed(error)
      }
    }
  }

  /** A deleted session begins to wait for its subscribers. */
  beginFarewell(now: number): void {
    this.#farewellAt ??= now
  }

  #giveUpFiles(now: number): void {
    const { store } = this.#parts
    const overdue = store.held.overdue(now)
    if (overdue.length === 0) return
    this.#parts.change((change) => {
      for (const idFile of overdue)
        releaseWithoutFile(store, change, idFile, 'The file did not arrive in time.')
    })
  }

  #forceAsked(now: number): void {
    const { record } = this.#parts.store
    const at = this.#forceAskedAt()
    if (!record || at === null || at > now || !isActive(record.state)) return
    const input = record.desire === 'stop' ? 'stopped' : 'loggedOut'
    this.#parts.change((change) =>
      applyInput(this.#parts.store, change, input, { why: { reason: 'requested' } }),
    )
  }

  /** When what was asked of the connector is taken for done; only a connector can tell WhatsApp of a logout. */
  #forceAskedAt(): number | null {
    const { store, fleet } = this.#parts
    if (!store.record || store.record.desire === 'run') return null
    const { desire, askedAt } = store.record
    const since = askedAt ?? 0
    if (desire === 'stop') return since + timing.askedMs
    const { linkedAt } = fleet
    const patienceEndsAt = since + timing.unlinkMs
    if (linkedAt === null) return patienceEndsAt
    return Math.min(patienceEndsAt, Math.max(since, linkedAt) + timing.askedMs)
  }

  #expireMessages(now: number): void {
    const { store, change, fleet } = this.#parts
    if (store.commands.nextExpiry() > now) return
    change((draft, record) => expireMessages(store, draft, record, fleet.waiting.waitingText))
  }

  async #farewell(now: number): Promise<void> {
    const { store, dispatchers } = this.#parts
    const destroyedAt = store.record?.destroyedAt ?? null
    if (destroyedAt === null) return
    this.#farewellAt = now + timing.farewellPollMs
    if (store.record?.fleetKnows === 'wanted') return
    await Promise.all(dispatchers.tellHead())
    if (now - destroyedAt < timing.farewellMs && !(await dispatchers.areCaughtUp())) return
    await this.#parts.erase()
  }
}
