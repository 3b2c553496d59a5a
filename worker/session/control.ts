import type { SessionRef } from '../../schema/link.ts'
import type { Failure } from '../result.ts'
import { receivingOf, type SessionSettings } from '../session-settings.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import type { Change } from './change.ts'
import { countKeys } from './keys.ts'
import { applyInput } from './lifecycle.ts'
import type { SessionLink } from './link.ts'
import { makeRecord, type SessionRecord } from './record.ts'
import type { SessionInput } from './state-table.ts'
import type { SessionStore } from './store.ts'

export type LifeRequest = Extract<SessionInput, 'start' | 'stop' | 'logout' | 'destroy'>

/** What a session has from its Tenant. */
export interface SessionConfig {
  ref: SessionRef
  name: string | null
  settings: SessionSettings
  subscriptions: SubscriptionConfig[]
  /** Grows with each change. */
  version: number
}

interface ControlParts {
  store: SessionStore
  link: SessionLink
  living: () => SessionRecord | Failure<'sessionNotFound'>
  change: (apply: (change: Change, record: SessionRecord) => void) => void
}

/** What the tenant makes of a session, and asks of its life. */
export class Control {
  readonly #parts: ControlParts

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /** Takes a configuration; an older one than is known is ignored, the first one makes the session. */
  configure({ ref, name, settings, subscriptions, version }: SessionConfig): void {
    const { store, link, change } = this.#parts
    if (!store.record) store.create(makeRecord(ref, { name, settings, now: Date.now() }))
    if (version <= (store.record?.version ?? 0)) return
    change((_draft, record) => {
      record.name = name
      record.settings = settings
      link.tell({ type: 'receiving', receiving: receivingOf(settings) })
      store.pace.adapt(settings.pacing, Date.now())
      record.version = version
      store.subscriptions.replace(subscriptions, (config) =>
        store.log.sequenceBefore(config.sessionsSince ?? config.createdAt),
      )
    })
  }

  /** Applies a request; with nobody there to carry it out, a stop is done at once, and a logout waits for a connector. */
  act(input: LifeRequest): void {
    const { store, link, living, change } = this.#parts
    if ('ok' in living()) return
    change((draft, current) => {
      if (input === 'start' && current.desire !== 'run') current.startAgain = true
      applyInput(store, draft, input, input === 'start' ? {} : { why: { reason: 'requested' } })
      if (current.desire === 'run' || link.owner()) return
      const done = current.desire === 'stop' ? 'stopped' : 'loggedOut'
      const isLinkable = countKeys(store.sql) > 0
      if (done === 'stopped' || !isLinkable) applyInput(store, draft, done, { why: { reason: 'requested' } })
    })
  }

  /** The session is to go; true when this was the first time of asking. */
  beginDestroying(): boolean {
    const { store, change } = this.#parts
    if (!store.record || store.record.destroying) return false
    change((_draft, record) => {
      record.destroying = true
      record.startAgain = false
    })
    return true
  }
}
