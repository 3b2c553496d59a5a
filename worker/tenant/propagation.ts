import type { SessionRef } from '../../schema/link.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import type { SessionRow, TenantSessions } from './sessions.ts'
import { configOf } from './subscription.ts'
import type { TenantSubscriptions } from './subscriptions.ts'

/** What a Tenant needs of a Session. */
interface SessionDoor {
  configure(input: {
    ref: SessionRef
    name: string | null
    settings: SessionSettings
    subscriptions: SubscriptionConfig[]
    version: number
  }): Promise<{ version: number }>
  destroy(): Promise<unknown>
}

const sliceSessions = 20

/**
 * Brings the configuration to the sessions that lack it, a slice at a time. A session's version grows with each change
 * that concerns it; it is done when the session has acknowledged that version.
 */
export class Propagation {
  readonly #sessions: TenantSessions
  readonly #subscriptions: TenantSubscriptions
  readonly #door: (idObject: string) => SessionDoor

  constructor(
    sessions: TenantSessions,
    subscriptions: TenantSubscriptions,
    door: (idObject: string) => SessionDoor,
  ) {
    this.#sessions = sessions
    this.#subscriptions = subscriptions
    this.#door = door
  }

  /** Goes on until all have it; throws when one could not be reached, after the rest of its slice was tried. */
  async run(): Promise<void> {
    for (;;) {
      const slice = this.#sessions.unfinished(sliceSessions)
      if (slice.length === 0) return
      const outcomes = await Promise.allSettled(slice.map((row) => this.#finish(row)))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
    }
  }

  /** Gives one session its configuration. */
  async configure({ ref, name, settings, version }: SessionRow): Promise<void> {
    const subscriptions = this.#subscriptions.concerning(ref.idSession).map(configOf)
    await this.#door(ref.idObject).configure({ ref, name, settings, subscriptions, version })
    this.#sessions.markConfigured(ref.idObject, version)
  }

  async #finish(row: SessionRow): Promise<void> {
    if (!row.isConfigured) await this.configure(row)
    if (row.isLive || row.isDestroyTold) return
    await this.#door(row.ref.idObject).destroy()
    this.#sessions.markTold(row.ref.idObject)
  }
}
