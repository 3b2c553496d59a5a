import type { SessionConfig } from '../session/control.ts'
import type { SessionRow } from './sessions.ts'
import type { TenantStore } from './store.ts'
import { configOf } from './subscription.ts'

/** What a Tenant needs of a Session. */
interface SessionDoor {
  configure(input: SessionConfig): Promise<{ version: number }>
  destroy(): Promise<unknown>
}

const sliceSessions = 20

/**
 * Brings the configuration to the sessions that lack it, a slice at a time. A session's version grows with each change
 * that concerns it; it is done when the session has acknowledged that version.
 */
export class Propagation {
  readonly #store: TenantStore
  readonly #session: (idObject: string) => SessionDoor

  constructor(store: TenantStore, session: (idObject: string) => SessionDoor) {
    this.#store = store
    this.#session = session
  }

  /** Goes on until all have it; throws when one could not be reached, after the rest of its slice was tried. */
  async run(): Promise<void> {
    for (;;) {
      const slice = this.#store.sessions.unfinished(sliceSessions)
      if (slice.length === 0) return
      const outcomes = await Promise.allSettled(slice.map((row) => this.#finish(row)))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
    }
  }

  /** Gives one session its configuration. */
  async configure({ ref, name, settings, version }: SessionRow): Promise<void> {
    const subscriptions = this.#store.subscriptions.concerning(ref.idSession).map(configOf)
    await this.#session(ref.idObject).configure({ ref, name, settings, subscriptions, version })
    this.#store.sessions.markConfigured(ref.idObject, version)
  }

  async #finish(row: SessionRow): Promise<void> {
    if (!row.isConfigured) await this.configure(row)
    if (row.isLive || row.isDestroyTold) return
    await this.#session(row.ref.idObject).destroy()
    this.#store.sessions.markTold(row.ref.idObject)
  }
}
