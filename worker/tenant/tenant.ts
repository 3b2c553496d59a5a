import { DurableObject } from 'cloudflare:workers'
import type { SessionRef } from '../../schema/link.ts'
import type { RetirementAnswer } from '../dispatcher/retirement.ts'
import type { Env } from '../env.ts'
import type { Origin } from '../idempotency.ts'
import type { SubscriptionStatus } from '../subscription-config.ts'
import type { Authorized } from './api-key-desk.ts'
import type { SessionChange, SessionInput } from './session-desk.ts'
import type { SubscriptionChange, SubscriptionInput } from './subscription.ts'
import type { DisableReport } from './subscription-desk.ts'
import { Work } from './work.ts'

interface Page {
  limit: number
  cursor?: string | null | undefined
}

/**
 * A customer of the installation: its API keys, its sessions and its subscriptions. This class is the door, with what
 * others may call; `work.ts` puts the parts together.
 */
export class Tenant extends DurableObject<Env> {
  readonly #work: Work

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#work = new Work(ctx, env)
    void ctx.blockConcurrencyWhile(() => this.#work.load())
  }

  /** Makes the tenant; telling it again changes nothing. */
  create(input: { idTenant: string; name: string; createdAt: number }): { ok: true } {
    if (!this.#work.store.record) this.#work.store.create(input)
    return { ok: true }
  }

  /** Erases the tenant: keys at once, sessions without a farewell, then itself. Throws when it must be told again. */
  async destroy(): Promise<{ ok: true }> {
    await this.#work.destroy()
    return { ok: true }
  }

  /** Makes a key; one of the same `idKey` is refused, since nobody knows its secret any more. */
  async createKey(input: { name?: string | null | undefined; scopes: string[] }, idKey?: string) {
    return this.#work.keys.create(input, idKey)
  }

  listKeys({ limit, cursor = null }: Page) {
    return this.#work.keys.list(limit, cursor)
  }

  deleteKey(idKey: string) {
    return this.#work.keys.delete(idKey)
  }

  /** Whose key this is, by its SHA-256 in hexadecimal. */
  authorize(keyHash: string): Authorized {
    return this.#work.keys.authorize(keyHash)
  }

  /** Makes a session and starts it unless told otherwise; the same `origin` makes it once. */
  async createSession(input: SessionInput) {
    return this.#work.sessions.create(input)
  }

  async listSessions({ limit, cursor = null }: Page) {
    return this.#work.sessions.list(limit, cursor)
  }

  findSession(idSession: string): SessionRef | null {
    return this.#work.sessions.find(idSession)
  }

  async updateSession(idSession: string, input: SessionChange) {
    return this.#work.sessions.update(idSession, input)
  }

  /** Frees the name at once; the session says goodbye to its subscribers and erases itself. */
  async deleteSession(idSession: string) {
    return this.#work.sessions.delete(idSession)
  }

  /** A deleted session's object has erased itself. */
  sessionGone(idObject: string): { ok: true } {
    if (this.#work.store.record) this.#work.store.sessions.remove(idObject)
    return { ok: true }
  }

  /** Makes a subscription; the same `origin` makes it once. */
  async createSubscription(input: SubscriptionInput, origin?: Origin<'sub'>) {
    return this.#work.subscriptions.create(input, origin)
  }

  listSubscriptions({ limit, cursor = null }: Page) {
    return this.#work.subscriptions.list(limit, cursor)
  }

  /** `refs`: the sessions that it concerns; `withLeaving`: also such as are being deleted. `config`: what a Dispatcher gets. */
  getSubscription(idSubscription: string) {
    return this.#work.subscriptions.get(idSubscription)
  }

  async updateSubscription(idSubscription: string, input: SubscriptionChange) {
    return this.#work.subscriptions.update(idSubscription, input)
  }

  async deleteSubscription(idSubscription: string) {
    return this.#work.subscriptions.delete(idSubscription)
  }

  /** Gives a subscription a new secret; the old one signs beside it for `overlapSeconds`. */
  async rotateSecret(
    idSubscription: string,
    { overlapSeconds }: { overlapSeconds: number },
    origin?: Origin<'rot'>,
  ) {
    return this.#work.subscriptions.rotate(idSubscription, overlapSeconds, origin)
  }

  /** Enables, disables or pauses. */
  async setSubscriptionStatus(idSubscription: string, status: SubscriptionStatus, reason?: string) {
    return this.#work.subscriptions.setStatus(idSubscription, status, reason ?? null)
  }

  /** A Dispatcher has found reason to disable a subscription; `tells`: it is the one that tells the others. */
  async disableSubscription(report: DisableReport) {
    return this.#work.subscriptions.disable(report)
  }

  /** A Dispatcher asks whether nothing but failure disables the subscription: other sessions may have fared better. */
  mayRetire(question: { idSubscription: string; idObject: string; now: number }): Promise<RetirementAnswer> {
    const found = this.getSubscription(question.idSubscription)
    return this.#work.retirement.decide(found.ok ? found : null, question)
  }

  override async alarm(): Promise<void> {
    await this.#work.ring()
  }
}
