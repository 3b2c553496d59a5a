import { maxSubscriptions } from '../../schema/api/subscription.ts'
import type { SessionRef } from '../../schema/link.ts'
import type { TargetPolicy } from '../dispatcher/target.ts'
import type { Origin } from '../idempotency.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SubscriptionStatus } from '../subscription-config.ts'
import type { TenantRecord, TenantStore } from './store.ts'
import {
  changeSubscription,
  findRotation,
  makeSubscription,
  rotateSecrets,
  setStatus,
  viewSubscription,
  type SubscriptionChange,
  type SubscriptionInput,
  type SubscriptionRecord,
  type SubscriptionRefusal,
  type SubscriptionView,
} from './subscription.ts'

interface DeskParts {
  store: TenantStore
  living: () => TenantRecord | Failure<'tenantNotFound'>
  policy: () => TargetPolicy
  /** Brings what has changed to the sessions, as far as they can be reached now. */
  propagate: () => Promise<void>
}

/** A Dispatcher has found that nothing is to be sent any more. */
export interface DisableReport {
  idSubscription: string
  /** Of the Dispatcher's session. */
  idObject: string
  /** Of the configuration that it had sent by. */
  version: number
  reason: string
}

type NotFound = 'tenantNotFound' | 'subscriptionNotFound'
type Shown<Refusal extends string = never> = Result<{ subscription: SubscriptionView }, NotFound | Refusal>
type Made = Result<
  { subscription: SubscriptionView; secret: string },
  'tenantNotFound' | 'tooManySubscriptions' | 'idempotencyConflict' | SubscriptionRefusal
>

/** What can be done with a tenant's subscriptions: each change is stored together with whom it concerns, then told. */
export class SubscriptionDesk {
  readonly #parts: DeskParts

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** Makes one; the same `origin` makes it once. */
  async create(input: SubscriptionInput, origin?: Origin<'sub'>): Promise<Made> {
    const { store, living, policy, propagate } = this.#parts
    const { subscriptions, sessions } = store
    const record = living()
    if ('ok' in record) return record
    const known = origin && subscriptions.find(origin.id)
    if (known && known.requestHash !== origin.requestHash) {
      return fail(
        'idempotencyConflict',
        'This Idempotency-Key was used for another subscription. Use a new key for a new subscription.',
      )
    }
    if (known) return succeed({ subscription: viewSubscription(known), secret: newestSecret(known) })
    if (subscriptions.count() >= maxSubscriptions) {
      return fail(
        'tooManySubscriptions',
        `A tenant has at most ${maxSubscriptions} subscriptions. Delete one first.`,
      )
    }
    const made = makeSubscription(record.idTenant, input, policy(), Date.now(), origin)
    if (!made.ok) return made
    const { subscription } = made
    store.change(() => {
      subscriptions.add(subscription)
      sessions.touch(subscription.sessions)
    })
    await propagate()
    return succeed({ subscription: viewSubscription(subscription), secret: newestSecret(subscription) })
  }

  list(
    limit: number,
    cursor: string | null,
  ): Result<{ subscriptions: SubscriptionView[]; cursor: string | null }, 'tenantNotFound'> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const page = this.#parts.store.subscriptions.page(limit, cursor)
    return succeed({ subscriptions: page.records.map(viewSubscription), cursor: page.cursor })
  }

  /** `refs`: the sessions that it concerns; `withLeaving`: also such as are being deleted. `config`: what a Dispatcher gets. */
  get(idSubscription: string): Result<
    {
      subscription: SubscriptionView
      config: SubscriptionRecord
      refs: SessionRef[]
      withLeaving: SessionRef[]
    },
    NotFound
  > {
    const config = this.#find(idSubscription)
    if ('ok' in config) return config
    const concerned = this.#parts.store.sessions
      .all()
      .filter(({ ref }) => config.sessions === null || config.sessions.includes(ref.idSession))
    const refs = concerned.filter(({ isLive }) => isLive).map(({ ref }) => ref)
    const withLeaving = concerned.map(({ ref }) => ref)
    return succeed({ subscription: viewSubscription(config), config, refs, withLeaving })
  }

  async update(idSubscription: string, input: SubscriptionChange): Promise<Shown<SubscriptionRefusal>> {
    const before = this.#find(idSubscription)
    if ('ok' in before) return before
    const changed = changeSubscription(before, input, this.#parts.policy(), Date.now())
    return changed.ok ? this.#replace(before, changed.subscription) : changed
  }

  async delete(idSubscription: string): Promise<Result<object, NotFound>> {
    const before = this.#find(idSubscription)
    if ('ok' in before) return before
    const { store, propagate } = this.#parts
    const { subscriptions, sessions } = store
    store.change(() => {
      subscriptions.remove(idSubscription)
      sessions.touch(before.sessions)
    })
    await propagate()
    return succeed({})
  }

  /** Gives it a new secret; the same `origin` gives the same one, as long as it signs. */
  async rotate(
    idSubscription: string,
    overlapSeconds: number,
    origin?: Origin<'rot'>,
  ): Promise<Result<{ secret: string; oldSecretExpiresAt: number }, NotFound | 'idempotencyConflict'>> {
    const before = this.#find(idSubscription)
    if ('ok' in before) return before
    const now = Date.now()
    const known = findRotation(before, origin, now)
    if (known && known.requestHash !== origin?.requestHash) {
      return fail(
        'idempotencyConflict',
        'This Idempotency-Key was used for a rotation with another overlap. Use a new key for another rotation.',
      )
    }
    if (known) return succeed({ secret: known.secret, oldSecretExpiresAt: known.oldSecretExpiresAt })
    const after = rotateSecrets(before, overlapSeconds, now, origin)
    await this.#replace(before, after)
    return succeed({ secret: newestSecret(after), oldSecretExpiresAt: now + overlapSeconds * 1000 })
  }

  async setStatus(idSubscription: string, status: SubscriptionStatus, reason: string | null): Promise<Shown> {
    const before = this.#find(idSubscription)
    if ('ok' in before) return before
    if (before.status === status) return succeed({ subscription: viewSubscription(before) })
    return this.#replace(before, setStatus(before, status, reason, Date.now()))
  }

  /**
   * Disables it because a Dispatcher found reason to. However many find it at once, to one of them the answer is that it
   * `tells` the others, however often it asks; what was sent before the subscription was enabled or moved counts no more.
   */
  async disable({
    idSubscription,
    idObject,
    version,
    reason,
  }: DisableReport): Promise<Result<{ tells: boolean }, NotFound>> {
    const before = this.#find(idSubscription)
    if ('ok' in before) return before
    const { disabledBy, status, countsSince = 0 } = before
    if (disabledBy?.idObject === idObject && disabledBy.version === version) return succeed({ tells: true })
    if (status === 'disabled' || version < countsSince) return succeed({ tells: false })
    const after = setStatus(before, 'disabled', reason, Date.now())
    await this.#replace(before, { ...after, disabledBy: { idObject, version } })
    return succeed({ tells: true })
  }

  async #replace(
    before: SubscriptionRecord,
    after: SubscriptionRecord,
  ): Promise<{ ok: true; subscription: SubscriptionView }> {
    const { store, propagate } = this.#parts
    const { subscriptions, sessions } = store
    store.change(() => {
      subscriptions.put(after)
      const isEverybody = before.sessions === null || after.sessions === null
      sessions.touch(isEverybody ? null : [...(before.sessions ?? []), ...(after.sessions ?? [])])
    })
    await propagate()
    return succeed({ subscription: viewSubscription(after) })
  }

  #find(idSubscription: string): SubscriptionRecord | Failure<NotFound> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    return (
      this.#parts.store.subscriptions.find(idSubscription) ??
      fail('subscriptionNotFound', 'There is no such subscription. List the subscriptions first.')
    )
  }
}

function newestSecret({ secrets }: SubscriptionRecord): string {
  return secrets[0]?.secret ?? ''
}
