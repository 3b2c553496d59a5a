import type { Failure } from '../result.ts'
import type { Change } from './change.ts'
import { countKeys } from './keys.ts'
import { applyInput } from './lifecycle.ts'
import type { SessionLink } from './link.ts'
import type { SessionRecord } from './record.ts'
import type { SessionInput } from './state-table.ts'
import type { SessionStore } from './store.ts'

export type Request = Extract<SessionInput, 'start' | 'stop' | 'logout' | 'destroy'>

interface ControlParts {
  store: SessionStore
  link: SessionLink
  living: () => SessionRecord | Failure<'sessionNotFound'>
  change: (apply: (change: Change, record: SessionRecord) => void) => void
}

/** What the tenant asks of a session's life. */
export class Control {
  readonly #parts: ControlParts

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /** Applies a request; with nobody there to carry it out, a stop is done at once, and a logout waits for a connector. */
  act(input: Request): void {
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
