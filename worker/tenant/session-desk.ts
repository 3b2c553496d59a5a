import type { SessionRef } from '../../schema/link.ts'
import type { Origin } from '../idempotency.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { SessionView } from '../session/view.ts'
import type { SessionRow } from './sessions.ts'
import type { TenantRecord, TenantStore } from './store.ts'

/** What the desk needs of a Session. */
interface SessionDoor {
  start(): Promise<Result<{ session: SessionView }>>
  describe(): Promise<Result<{ session: SessionView }>>
}

interface DeskParts {
  store: TenantStore
  living: () => TenantRecord | Failure<'tenantNotFound'>
  session: (idObject: string) => SessionDoor
  newIdObject: () => string
  /** Gives one session its configuration. */
  configure: (row: SessionRow) => Promise<void>
  /** Has the alarm see to whatever is not done by then. */
  arm: () => Promise<void> | null
  propagate: () => Promise<void>
}

/** What a caller may say of a session that is to be made. */
export interface SessionInput {
  idSession?: string | undefined
  name?: string | null | undefined
  start: boolean
  settings?: Partial<SessionSettings>
  origin?: Origin<'ses'> | undefined
}

/** What may be changed of it. */
export type SessionChange = Pick<SessionInput, 'name' | 'settings'>

type Made = Result<
  { session: SessionView; ref: SessionRef },
  'tenantNotFound' | 'sessionExists' | 'idempotencyConflict'
>
type NotFound = 'tenantNotFound' | 'sessionNotFound'

/** What can be done with a tenant's sessions: each change is stored here first, then told to the session itself. */
export class SessionDesk {
  readonly #parts: DeskParts

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** Makes one; the same `origin` makes it once. */
  async create({ origin, name = null, settings = {}, start, ...input }: SessionInput): Promise<Made> {
    const { store, living, session, newIdObject, configure, arm } = this.#parts
    const record = living()
    if ('ok' in record) return record
    const earlier = origin && store.sessions.findByOrigin(origin.id)
    if (earlier) return this.#madeEarlier(earlier, origin)
    const idSession = input.idSession ?? origin?.id ?? randomId('ses')
    if (store.sessions.find(idSession)) {
      return fail(
        'sessionExists',
        `There is a session ${idSession} already. Choose another idSession or delete that one.`,
      )
    }
    const idObject = newIdObject()
    store.sessions.add(idObject, idSession, { name, settings, now: Date.now(), origin })
    await arm()
    const row = store.sessions.find(idSession)
    if (row) await configure(row)
    const shown = await (start ? session(idObject).start() : session(idObject).describe())
    if (!shown.ok) throw new Error('A session vanished while it was made.')
    return succeed({ session: shown.session, ref: { idTenant: record.idTenant, idSession, idObject } })
  }

  async list(
    limit: number,
    cursor: string | null,
  ): Promise<Result<{ sessions: SessionView[]; cursor: string | null }, 'tenantNotFound'>> {
    const { store, living, session } = this.#parts
    const record = living()
    if ('ok' in record) return record
    const page = store.sessions.page(limit, cursor)
    const shown = await Promise.all(page.rows.map(({ ref }) => session(ref.idObject).describe()))
    return succeed({ sessions: shown.flatMap((one) => (one.ok ? [one.session] : [])), cursor: page.cursor })
  }

  find(idSession: string): SessionRef | null {
    const row = this.#find(idSession)
    return 'ok' in row ? null : row.ref
  }

  async update(
    idSession: string,
    { name, settings = {} }: SessionChange,
  ): Promise<Result<{ ref: SessionRef }, NotFound>> {
    const before = this.#find(idSession)
    if ('ok' in before) return before
    const { store, propagate } = this.#parts
    const after = {
      name: name === undefined ? before.name : name,
      settings: { ...before.settings, ...settings },
    }
    store.sessions.update(idSession, after)
    await propagate()
    return succeed({ ref: before.ref })
  }

  /** Frees the name at once; the session says goodbye to its subscribers and erases itself. */
  async delete(idSession: string): Promise<Result<object, NotFound>> {
    const row = this.#find(idSession)
    if ('ok' in row) return row
    this.#parts.store.sessions.depart(idSession)
    await this.#parts.propagate()
    return succeed({})
  }

  /** Answers the repetition of the request that made a session. */
  async #madeEarlier({ ref, requestHash }: SessionRow, origin: Origin<'ses'>): Promise<Made> {
    if (requestHash !== origin.requestHash) {
      return fail(
        'idempotencyConflict',
        'This Idempotency-Key was used for another session. Use a new key for a new session.',
      )
    }
    const shown = await this.#parts.session(ref.idObject).describe()
    return shown.ok
      ? succeed({ session: shown.session, ref })
      : fail(
          'sessionExists',
          `The session ${ref.idSession} is being deleted. Use a new key for a new session.`,
        )
  }

  #find(idSession: string): SessionRow | Failure<NotFound> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    return (
      this.#parts.store.sessions.find(idSession) ??
      fail('sessionNotFound', 'There is no such session. List the sessions first.')
    )
  }
}
