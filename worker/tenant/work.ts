import { AlarmClock } from '../alarm-clock.ts'
import { targetPolicyOf } from '../dispatcher/target.ts'
import { readConfig, type Env } from '../env.ts'
import { reportFailure } from '../report-failure.ts'
import { fail, type Failure } from '../result.ts'
import { ApiKeyDesk } from './api-key-desk.ts'
import { Propagation } from './propagation.ts'
import { RetirementDesk } from './retirement-desk.ts'
import { SessionDesk } from './session-desk.ts'
import { TenantStore, type TenantRecord } from './store.ts'
import { SubscriptionDesk } from './subscription-desk.ts'

const repeatMs = 2000

/**
 * A tenant at work: its parts, put together. What changes is brought to every session that it concerns; a call waits for
 * that a little, and the alarm repeats it until each has it.
 */
export class Work {
  readonly store: TenantStore
  readonly keys: ApiKeyDesk
  readonly sessions: SessionDesk
  readonly subscriptions: SubscriptionDesk
  readonly retirement: RetirementDesk
  readonly #env: Env
  readonly #alarm: AlarmClock
  readonly #propagation: Propagation

  constructor(ctx: DurableObjectState, env: Env) {
    this.#env = env
    this.store = new TenantStore(ctx.storage)
    this.#alarm = new AlarmClock(ctx.storage)
    const { store } = this
    const session = (idObject: string) => this.#session(idObject)
    this.#propagation = new Propagation(store, session)
    const shared = { store, living: () => this.living(), propagate: () => this.#propagate() }
    this.keys = new ApiKeyDesk(shared)
    this.sessions = new SessionDesk({
      ...shared,
      session,
      newIdObject: () => env.SESSION.newUniqueId().toString(),
      arm: () => this.#arm(),
      configure: (row) => this.#propagation.configure(row),
    })
    this.subscriptions = new SubscriptionDesk({ ...shared, policy: () => targetPolicyOf(readConfig(env)) })
    this.retirement = new RetirementDesk(async ({ idObject }, idSubscription) => {
      const { at } = await env.DISPATCHER.getByName(`${idObject}:${idSubscription}`).lastSuccess()
      return at
    })
  }

  /** Reads what is stored; to be awaited before anything else. */
  async load(): Promise<void> {
    await this.#alarm.load()
    this.store.open()
  }

  /** Does what is due. Never throws: after six failures the platform would forget the alarm. */
  async ring(): Promise<void> {
    this.#alarm.spend()
    try {
      if (this.store.record?.isDestroyed) await this.#erase()
      else if (this.store.record) await this.#propagation.run()
    } catch (error) {
      this.#failed(error)
    }
    const { record, sessions } = this.store
    if (record && (record.isDestroyed || sessions.unfinished(1).length > 0)) await this.#arm()
  }

  /** Ends the tenant for good: nothing of it is kept. Throws when it must be told again; the alarm does, too. */
  async destroy(): Promise<void> {
    const { record } = this.store
    if (!record) return
    this.store.beginDestroying(record, Date.now())
    await this.#arm()
    await this.#erase()
  }

  /** The record, unless the tenant was destroyed or never made. */
  living(): TenantRecord | Failure<'tenantNotFound'> {
    const { record } = this.store
    return record && !record.isDestroyed
      ? record
      : fail('tenantNotFound', 'There is no such tenant. List the tenants first.')
  }

  /** Brings the change to the sessions, as far as they can be reached now; the alarm does the rest. */
  async #propagate(): Promise<void> {
    await this.#arm()
    try {
      await this.#propagation.run()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #erase(): Promise<void> {
    const { sessions } = this.store
    for (const { ref } of sessions.all()) {
      await this.#session(ref.idObject).destroy({ now: true })
      sessions.remove(ref.idObject)
    }
    await this.#alarm.clear()
    await this.store.erase()
  }

  #arm(): Promise<void> | null {
    return this.#alarm.ensure(Date.now() + repeatMs)
  }

  #session(idObject: string) {
    const { SESSION } = this.#env
    return SESSION.get(SESSION.idFromString(idObject))
  }

  #failed(error: unknown): void {
    reportFailure('tenant', error, { idTenant: this.store.record?.idTenant })
  }
}
