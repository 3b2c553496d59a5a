import { DurableObject } from 'cloudflare:workers'
import type { SessionRef } from '../../schema/link.ts'
import { AlarmClock } from '../alarm-clock.ts'
import type { RetirementAnswer } from '../dispatcher/retirement.ts'
import { targetPolicyOf, type TargetPolicy } from '../dispatcher/target.ts'
import { readConfig, type Env } from '../env.ts'
import type { Origin } from '../idempotency.ts'
import { migrate } from '../migrate.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { SessionView } from '../session/view.ts'
import type { SubscriptionStatus } from '../subscription-config.ts'
import {
  addApiKey,
  clearApiKeys,
  findApiKey,
  hashApiKey,
  listApiKeys,
  makeApiKey,
  removeApiKey,
  type ApiKeyView,
} from './api-keys.ts'
import { tenantMigrations } from './migrations.ts'
import { Propagation } from './propagation.ts'
import { RetirementDesk } from './retirement.ts'
import { TenantSessions, type SessionRow } from './sessions.ts'
import type { SubscriptionChange, SubscriptionInput, SubscriptionView } from './subscription.ts'
import { SubscriptionDesk, type DisableReport } from './subscription-desk.ts'
import { TenantSubscriptions } from './subscriptions.ts'

interface Page {
  limit: number
  cursor?: string | null | undefined
}

interface TenantRecord {
  idTenant: string
  name: string
  createdAt: number
  isDestroyed: boolean
}

type SessionRefusal = 'tenantNotFound' | 'sessionExists' | 'idempotencyConflict'

const repeatMs = 2000

/**
 * A customer of the installation: its API keys, its sessions and its subscriptions. What changes here is brought to every
 * Session that it concerns; a call waits for that a little, and the alarm repeats it until each has it.
 */
export class Tenant extends DurableObject<Env> {
  readonly #sql: SqlStorage
  readonly #sessions: TenantSessions
  readonly #desk: SubscriptionDesk
  readonly #propagation: Propagation
  readonly #retirement: RetirementDesk
  readonly #alarm: AlarmClock
  #record: TenantRecord | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sessions = new TenantSessions(this.#sql, () => this.#record?.idTenant ?? '')
    const subscriptions = new TenantSubscriptions(this.#sql)
    this.#alarm = new AlarmClock(ctx.storage)
    this.#propagation = new Propagation(this.#sessions, subscriptions, (idObject) =>
      env.SESSION.get(env.SESSION.idFromString(idObject)),
    )
    this.#desk = new SubscriptionDesk({
      storage: ctx.storage,
      sessions: this.#sessions,
      subscriptions,
      policy: () => this.#policy(),
      propagate: () => this.#propagate(),
    })
    this.#retirement = new RetirementDesk(async ({ idObject }, idSubscription) => {
      const { at } = await env.DISPATCHER.getByName(`${idObject}:${idSubscription}`).lastSuccess()
      return at
    })
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load()
      this.#load()
    })
  }

  /** Makes the tenant; telling it again changes nothing. */
  create(input: { idTenant: string; name: string; createdAt: number }): { ok: true } {
    if (this.#record) return { ok: true }
    migrate(this.ctx.storage, tenantMigrations)
    const { idTenant, name, createdAt } = input
    this.#sql.exec(
      'INSERT INTO tenant (id, id_tenant, name, created_at) VALUES (1, ?, ?, ?)',
      idTenant,
      name,
      createdAt,
    )
    this.#load()
    return { ok: true }
  }

  /** Erases the tenant: keys at once, sessions without a farewell, then itself. Throws when it must be told again. */
  async destroy(): Promise<{ ok: true }> {
    if (!this.#record) return { ok: true }
    this.ctx.storage.transactionSync(() => {
      clearApiKeys(this.#sql)
      this.#sessions.departAll()
      this.#sql.exec('UPDATE tenant SET destroyed_at = ?', Date.now())
    })
    this.#load()
    await this.#alarm.ensure(Date.now() + repeatMs)
    await this.#erase()
    return { ok: true }
  }

  /** Makes a key; one of the same `idKey` is refused, since nobody knows its secret any more. */
  async createKey(
    { name = null, scopes }: { name?: string | null | undefined; scopes: string[] },
    idKey: string = randomId('key'),
  ): Promise<Result<{ key: string; view: ApiKeyView }, 'tenantNotFound' | 'keyExists'>> {
    const record = this.#living()
    if ('ok' in record) return record
    const key = makeApiKey(record.idTenant)
    const hash = await hashApiKey(key)
    if (listApiKeys(this.#sql).some((one) => one.idKey === idKey)) {
      const advice = 'Its secret is kept nowhere: if you have lost it, delete that key and make another.'
      return fail('keyExists', `This Idempotency-Key has made the API key ${idKey}. ${advice}`)
    }
    return succeed({ key, view: addApiKey(this.#sql, hash, { idKey, name, scopes, now: Date.now() }) })
  }

  listKeys(): Result<{ keys: ApiKeyView[] }, 'tenantNotFound'> {
    const record = this.#living()
    return 'ok' in record ? record : succeed({ keys: listApiKeys(this.#sql) })
  }

  deleteKey(idKey: string): Result<object, 'tenantNotFound' | 'keyNotFound'> {
    const record = this.#living()
    if ('ok' in record) return record
    return removeApiKey(this.#sql, idKey) ? succeed({}) : fail('keyNotFound', 'There is no such API key.')
  }

  /** Whose key this is, by its SHA-256 in hexadecimal. */
  authorize(
    keyHash: string,
  ): { ok: true; idTenant: string; idKey: string; scopes: string[] } | { ok: false } {
    const record = this.#living()
    const found = 'ok' in record ? null : findApiKey(this.#sql, keyHash)
    if ('ok' in record || !found) return { ok: false }
    return { ok: true, idTenant: record.idTenant, idKey: found.idKey, scopes: found.scopes }
  }

  async createSession(input: {
    idSession?: string | undefined
    name?: string | null | undefined
    start: boolean
    settings?: Partial<SessionSettings>
    origin?: Origin<'ses'> | undefined
  }): Promise<Result<{ session: SessionView; ref: SessionRef }, SessionRefusal>> {
    const record = this.#living()
    if ('ok' in record) return record
    const { origin } = input
    const earlier = origin && this.#sessions.findByOrigin(origin.id)
    if (earlier) return this.#madeEarlier(earlier, origin)
    const idSession = input.idSession ?? origin?.id ?? randomId('ses')
    if (this.#sessions.find(idSession)) {
      return fail(
        'sessionExists',
        `There is a session ${idSession} already. Choose another idSession or delete that one.`,
      )
    }
    const idObject = this.env.SESSION.newUniqueId().toString()
    const ref = { idTenant: record.idTenant, idSession, idObject }
    const { name = null, settings = {} } = input
    this.#sessions.add(idObject, idSession, { name, settings, now: Date.now(), origin })
    await this.#alarm.ensure(Date.now() + repeatMs)
    const row = this.#sessions.find(idSession)
    if (row) await this.#propagation.configure(row)
    const stub = this.env.SESSION.get(this.env.SESSION.idFromString(idObject))
    const shown = input.start ? await stub.start() : await stub.describe()
    if (!shown.ok) throw new Error('A session vanished while it was made.')
    return succeed({ session: shown.session, ref })
  }

  /** Answers the repetition of the request that made a session. */
  async #madeEarlier(
    { ref, requestHash }: SessionRow,
    origin: Origin<'ses'>,
  ): Promise<Result<{ session: SessionView; ref: SessionRef }, SessionRefusal>> {
    if (requestHash !== origin.requestHash) {
      return fail(
        'idempotencyConflict',
        'This Idempotency-Key was used for another session. Use a new key for a new session.',
      )
    }
    const shown = await this.env.SESSION.get(this.env.SESSION.idFromString(ref.idObject)).describe()
    return shown.ok
      ? succeed({ session: shown.session, ref })
      : fail(
          'sessionExists',
          `The session ${ref.idSession} is being deleted. Use a new key for a new session.`,
        )
  }

  async listSessions(
    page: Page,
  ): Promise<Result<{ sessions: SessionView[]; cursor: string | null }, 'tenantNotFound'>> {
    const record = this.#living()
    if ('ok' in record) return record
    const { rows, cursor } = this.#sessions.page(page.limit, page.cursor ?? null)
    const shown = await Promise.all(
      rows.map(({ ref }) => this.env.SESSION.get(this.env.SESSION.idFromString(ref.idObject)).describe()),
    )
    return succeed({ sessions: shown.flatMap((one) => (one.ok ? [one.session] : [])), cursor })
  }

  findSession(idSession: string): SessionRef | null {
    return this.#living() === this.#record ? (this.#sessions.find(idSession)?.ref ?? null) : null
  }

  async updateSession(
    idSession: string,
    input: { name?: string | null | undefined; settings?: Partial<SessionSettings> },
  ): Promise<Result<{ ref: SessionRef }, 'tenantNotFound' | 'sessionNotFound'>> {
    const row = this.#sessionRow(idSession)
    if ('ok' in row) return row
    const { name = row.name, settings = {} } = input
    this.#sessions.update(idSession, { name, settings: { ...row.settings, ...settings } })
    await this.#propagate()
    return succeed({ ref: row.ref })
  }

  /** Frees the name at once; the session says goodbye to its subscribers and erases itself. */
  async deleteSession(idSession: string): Promise<Result<object, 'tenantNotFound' | 'sessionNotFound'>> {
    const row = this.#sessionRow(idSession)
    if ('ok' in row) return row
    this.#sessions.depart(idSession)
    await this.#propagate()
    return succeed({})
  }

  /** A deleted session's object has erased itself. */
  sessionGone(idObject: string): { ok: true } {
    if (this.#record) this.#sessions.remove(idObject)
    return { ok: true }
  }

  async createSubscription(input: SubscriptionInput, origin?: Origin<'sub'>) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.create(record.idTenant, input, origin)
  }

  listSubscriptions(
    page: Page,
  ): Result<{ subscriptions: SubscriptionView[]; cursor: string | null }, 'tenantNotFound'> {
    const record = this.#living()
    return 'ok' in record ? record : succeed(this.#desk.list(page.limit, page.cursor ?? null))
  }

  /** `refs`: the sessions that it concerns; `withLeaving`: also such as are being deleted. `config`: what a Dispatcher gets. */
  getSubscription(idSubscription: string) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.get(idSubscription)
  }

  async updateSubscription(idSubscription: string, input: SubscriptionChange) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.update(idSubscription, input)
  }

  async deleteSubscription(idSubscription: string) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.delete(idSubscription)
  }

  async rotateSecret(
    idSubscription: string,
    { overlapSeconds }: { overlapSeconds: number },
    origin?: Origin<'rot'>,
  ) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.rotate(idSubscription, overlapSeconds, origin)
  }

  /** Enables, disables or pauses. */
  async setSubscriptionStatus(idSubscription: string, status: SubscriptionStatus, reason?: string) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.setStatus(idSubscription, status, reason ?? null)
  }

  /** A Dispatcher has found reason to disable a subscription; `tells`: it is the one that tells the others. */
  async disableSubscription(report: DisableReport) {
    const record = this.#living()
    return 'ok' in record ? record : this.#desk.disable(report)
  }

  /** A Dispatcher asks whether nothing but failure disables the subscription: other sessions may have fared better. */
  mayRetire(question: { idSubscription: string; idObject: string; now: number }): Promise<RetirementAnswer> {
    const found = this.getSubscription(question.idSubscription)
    return this.#retirement.decide(found.ok ? found : null, question)
  }

  override async alarm(): Promise<void> {
    this.#alarm.spend()
    try {
      if (this.#record?.isDestroyed) await this.#erase()
      else if (this.#record) await this.#propagation.run()
    } catch (error) {
      reportFailure(this.#record?.idTenant, error)
    }
    await this.#rearm()
  }

  /** Brings the change to the sessions, as far as they can be reached now; the alarm does the rest. */
  async #propagate(): Promise<void> {
    await this.#alarm.ensure(Date.now() + repeatMs)
    try {
      await this.#propagation.run()
    } catch (error) {
      reportFailure(this.#record?.idTenant, error)
    }
  }

  async #rearm(): Promise<void> {
    if (this.#record && (this.#record.isDestroyed || this.#sessions.unfinished(1).length > 0)) {
      await this.#alarm.ensure(Date.now() + repeatMs)
    }
  }

  async #erase(): Promise<void> {
    for (const { ref } of this.#sessions.all()) {
      await this.env.SESSION.get(this.env.SESSION.idFromString(ref.idObject)).destroy({ now: true })
      this.#sessions.remove(ref.idObject)
    }
    await this.#alarm.clear()
    await this.ctx.storage.deleteAll()
    this.#record = null
  }

  #sessionRow(idSession: string): SessionRow | Failure<'tenantNotFound' | 'sessionNotFound'> {
    const record = this.#living()
    if ('ok' in record) return record
    return (
      this.#sessions.find(idSession) ??
      fail('sessionNotFound', 'There is no such session. List the sessions first.')
    )
  }

  #policy(): TargetPolicy {
    return targetPolicyOf(readConfig(this.env))
  }

  #living(): TenantRecord | Failure<'tenantNotFound'> {
    return this.#record && !this.#record.isDestroyed ? this.#record : tenantNotFound()
  }

  #load(): void {
    const isMade = this.#sql.exec(`SELECT 1 FROM sqlite_master WHERE name = 'tenant'`).toArray().length > 0
    if (!isMade) return
    migrate(this.ctx.storage, tenantMigrations)
    type Row = { id_tenant: string; name: string; created_at: number; destroyed_at: number | null }
    const row = this.#sql
      .exec<Row>('SELECT id_tenant, name, created_at, destroyed_at FROM tenant')
      .toArray()[0]
    this.#record = row
      ? {
          idTenant: row.id_tenant,
          name: row.name,
          createdAt: row.created_at,
          isDestroyed: row.destroyed_at !== null,
        }
      : null
  }
}

function tenantNotFound(): Failure<'tenantNotFound'> {
  return fail('tenantNotFound', 'There is no such tenant. List the tenants first.')
}

function reportFailure(idTenant: string | undefined, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  // oxlint-disable-next-line no-console -- the Worker's log is its console
  console.error(JSON.stringify({ level: 'error', part: 'tenant', idTenant, error: text }))
}
