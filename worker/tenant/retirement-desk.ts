import type { SessionRef } from '../../schema/link.ts'
import type { SubscriptionStatus } from '../subscription-config.ts'
import { disableAfterMs, type RetirementAnswer } from '../dispatcher/retirement.ts'

const askAgainMs = 60_000
const sliceSessions = 20

/**
 * The Tenant's word on whether nothing but failure disables a subscription: not while any session has had a success within
 * those days. What is known is kept in memory alone: a Tenant that was evicted asks again.
 */
export class RetirementDesk {
  readonly #lastSuccess: (ref: SessionRef, idSubscription: string) => Promise<number | null>
  readonly #successes = new Map<string, number>()

  /** @param lastSuccess when a delivery of the subscription last went well in a session, in milliseconds. */
  constructor(lastSuccess: (ref: SessionRef, idSubscription: string) => Promise<number | null>) {
    this.#lastSuccess = lastSuccess
  }

  /** @param subscription as the Tenant has it, with the sessions that it concerns; null when there is none. */
  async decide(
    subscription: { config: { status: SubscriptionStatus }; refs: readonly SessionRef[] } | null,
    { idSubscription, idObject, now }: { idSubscription: string; idObject: string; now: number },
  ): Promise<RetirementAnswer> {
    if (subscription && subscription.config.status !== 'enabled')
      return { mayRetire: false, askAt: now + askAgainMs }
    const others = (subscription?.refs ?? []).filter((ref) => ref.idObject !== idObject)
    const at = await this.#findSuccess(others, idSubscription, now - disableAfterMs)
    if (at !== null) return { mayRetire: false, askAt: at + disableAfterMs }
    return { mayRetire: true, askAt: now + askAgainMs }
  }

  /** A success after `since`, of one that is known or of the first session that tells one. */
  async #findSuccess(
    refs: readonly SessionRef[],
    idSubscription: string,
    since: number,
  ): Promise<number | null> {
    const known = this.#successes.get(idSubscription) ?? 0
    if (known > since) return known
    for (let from = 0; from < refs.length; from += sliceSessions) {
      const slice = refs.slice(from, from + sliceSessions)
      const times = await Promise.all(slice.map((ref) => this.#lastSuccess(ref, idSubscription)))
      const newest = Math.max(...times.map((at) => at ?? 0))
      if (newest <= since) continue
      this.#successes.set(idSubscription, newest)
      return newest
    }
    return null
  }
}
