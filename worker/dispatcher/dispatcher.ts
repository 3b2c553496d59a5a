import { DurableObject } from 'cloudflare:workers'
import type { MessageType } from '../../schema/event/event.ts'
import type { SessionRef } from '../../schema/link.ts'
import { AlarmClock } from '../alarm-clock.ts'
import { flushCounts } from '../counts.ts'
import { readConfig, type Env } from '../env.ts'
import type { Origin } from '../idempotency.ts'
import { reportFailure } from '../report-failure.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import { attempt, attemptTimeoutMs } from './attempt.ts'
import { Deadlines } from './deadlines.ts'
import { findDelivery, findUntried, listDeliveries } from './deliveries.ts'
import { viewAttempt, type AttemptView, type DeliveryStatus, type DeliveryView } from './delivery-view.ts'
import { describe, type DispatcherView } from './dispatcher-view.ts'
import { backstopMs } from './engine.ts'
import { judge, type Answer } from './outcome.ts'
import { isReplaying, startReplay, type ReplayRefusal } from './replay.ts'
import { makeAttempt } from './record.ts'
import { reconfigure } from './reconfigure.ts'
import { lastSuccessOf } from './retirement.ts'
import { resend, type ResendRefusal } from './resend.ts'
import { DispatcherStore } from './store.ts'
import type { LogEntry } from './stream.ts'
import { targetPolicyOf } from './target.ts'
import { Starts, type StartsGiven } from './throttle.ts'
import { Work, type WorkDoors } from './work.ts'
import { userAgent } from '../user-agent.ts'

/** Wakes closer together than this are a stream: progress is then written by time and number. */
const streamGapMs = 1000
/** How long a lone wake waits for its delivery before it leaves it to the alarm's protection. */
const wakeWaitMs = 100
const alarmWaitMs = 25_000

export type NotConfigured = Failure<'notConfigured'>

/**
 * One subscription's deliveries from one session. The log is the queue: this object keeps a cursor into it and what is out
 * of the ordinary. It is the only place that calls subscribers. Delivery is at least once, in order within a lane.
 *
 * The parts are in their own files (`work.ts` puts them together); this class is the door. Whatever is under way has an
 * alarm behind it, or a caller who waits for it and calls again: so nothing is forgotten, whenever the object dies.
 */
export class Dispatcher extends DurableObject<Env> {
  /** Of one request, in milliseconds; tests shorten it. */
  timeoutMs: number = attemptTimeoutMs
  readonly #store: DispatcherStore
  readonly #alarm: AlarmClock
  #work: Work | null = null
  readonly #deadlines = new Deadlines('abortedBySignal')
  readonly #starts = new Starts()
  #lastWakeAt = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#store = new DispatcherStore(ctx.storage)
    this.#alarm = new AlarmClock(ctx.storage)
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load()
      if (!this.#store.isThere) return
      this.#store.open()
      this.#begin()
    })
  }

  /** Takes a configuration; an older one than is known is ignored. `startAfter`: where a new subscription begins. */
  async configure(
    config: SubscriptionConfig,
    place: { ref: SessionRef; startAfter: number },
  ): Promise<{ ok: true; version: number }> {
    if (!this.#work) {
      this.#store.open()
      this.#store.begin({ ref: place.ref, config, startAfter: place.startAfter }, Date.now())
      this.#begin()
    } else {
      await reconfigure(this.#work, config, Date.now())
      await this.#work.batches.ended()
    }
    this.#work?.engine.refresh()
    if (this.#work) await this.#work.engine.settledWithin(wakeWaitMs)
    await this.#arm()
    return { ok: true, version: this.#work?.settings.config.version ?? 0 }
  }

  /**
   * The log has grown to `head`; `entries` are the newest of it, in order and without holes, or none. Returns soon: with the
   * work done, or with an alarm standing behind it.
   */
  async wake(wake: { head: number; entries: LogEntry[] }): Promise<{ ok: true } | NotConfigured> {
    const work = this.#work
    if (!work) return notConfigured()
    const now = Date.now()
    work.engine.isStreaming = now - this.#lastWakeAt < streamGapMs
    this.#lastWakeAt = now
    work.engine.accept(wake.head, wake.entries)
    if (work.engine.isStreaming) await this.#alarm.ensure(now + backstopMs)
    else {
      await work.engine.settledWithin(wakeWaitMs)
      await this.#arm()
    }
    return { ok: true }
  }

  /** How this subscription fares with this session. */
  async describe(): Promise<DispatcherView> {
    const work = this.#work
    if (!work) return describe(null, Date.now())
    await work.refreshHead()
    work.engine.kick()
    await work.engine.settledWithin(wakeWaitMs)
    await this.#arm()
    return describe(work, Date.now())
  }

  async listDeliveries(options: {
    status?: DeliveryStatus | undefined
    limit: number
    cursor?: string | null | undefined
  }): Promise<{ ok: true; deliveries: DeliveryView[]; cursor: string | null }> {
    if (!this.#work) return { ok: true, deliveries: [], cursor: null }
    const before = Number(options.cursor ?? '') || Number.MAX_SAFE_INTEGER
    const { status, limit } = options
    const { deliveries, next } = await listDeliveries(this.#work.sources, { status, limit, before })
    await this.#arm()
    return { ok: true, deliveries, cursor: next === null ? null : String(next) }
  }

  /** One delivery with every attempt of it that is remembered. */
  async getDelivery(
    idEvent: string,
  ): Promise<Result<{ delivery: DeliveryView; attemptLog: AttemptView[] }, 'deliveryNotFound'>> {
    const work = this.#work
    const found =
      work &&
      (findDelivery(work.sources, idEvent) ??
        (await findUntried(work.sources, () => work.session.findEvent(idEvent))))
    return found
      ? succeed(found)
      : fail('deliveryNotFound', 'No delivery of this event is known for this subscription.')
  }

  /** Sends one event again now. A failure adds no automatic retries; those that were planned stay. */
  async retry(
    idEvent: string,
  ): Promise<Result<{ attempt: AttemptView; isDelivered: boolean }, ResendRefusal | 'notConfigured'>> {
    if (!this.#work) return notConfigured()
    const result = await resend(this.#work, idEvent, Date.now())
    await this.#work.engine.settledWithin(wakeWaitMs)
    await this.#arm()
    return result
  }

  /** Sends a part of the log again, in the background and behind live traffic; the same `origin` does it once. */
  async replay(
    options: {
      since?: number | undefined
      afterSequence?: number | undefined
      types?: MessageType[] | undefined
      onlyFailed?: boolean | undefined
    },
    origin?: Origin<'rep'>,
  ): Promise<Result<{ fromSequence: number; toSequence: number }, ReplayRefusal | 'notConfigured'>> {
    if (!this.#work) return notConfigured()
    const result = await startReplay(this.#work, options, origin, Date.now())
    if (!result.ok) return result
    const { replay } = result
    await this.#arm()
    return succeed({ fromSequence: replay.after + 1, toSequence: replay.through })
  }

  /** Whether a replay is under way that another request has begun. */
  isReplaying(origin?: Origin<'rep'>): { isReplaying: boolean } {
    return { isReplaying: this.#work !== null && isReplaying(this.#work, origin) }
  }

  /** Sends a body once, for the test button: nothing is stored, nothing is counted. (RPC refuses the name `test`.) */
  async sendTest(
    config: SubscriptionConfig,
    body: string,
    idEvent: string,
  ): Promise<{ ok: true; delivered: boolean; attempt: AttemptView }> {
    const at = Date.now()
    const answer = await this.#send(config, idEvent, body, at)
    const until = Date.now()
    const { isDelivered, error } = judge(answer, until)
    const attempt = makeAttempt({ at, trigger: 'manual', url: config.url }, answer, error, until)
    return { ok: true, delivered: isDelivered, attempt: viewAttempt(attempt) }
  }

  /** Of the one object of a subscription that its Dispatchers share for its rate limit: nothing is stored. */
  giveStarts(question: { rate: number; count: number }): StartsGiven {
    return this.#starts.give(question, Date.now())
  }

  /** When a delivery last went well, in milliseconds. */
  lastSuccess(): { at: number | null } {
    return { at: this.#work && lastSuccessOf(this.#store, this.#work.control) }
  }

  /** Ends at once: nothing is sent any more, and nothing is kept. */
  async destroy(): Promise<{ ok: true }> {
    this.#work?.engine.stop()
    await this.#work?.batches.ended()
    this.#work = null
    this.#deadlines.endAll()
    await this.#alarm.clear()
    await this.ctx.storage.deleteAll()
    this.#store.forget()
    return { ok: true }
  }

  /** Never throws: after six failures the platform would forget the alarm. */
  override async alarm(): Promise<void> {
    this.#alarm.spend()
    const work = this.#work
    if (!work) return
    try {
      work.upkeep(Date.now())
      work.engine.refresh()
      await work.engine.settledWithin(alarmWaitMs)
      await work.reporter.tell(Date.now())
    } catch (error) {
      this.#failed(error)
    }
    await this.#arm()
  }

  #begin(): void {
    const { env } = this
    const doors: WorkDoors = {
      config: readConfig(env),
      now: () => Date.now(),
      random: () => Math.random(),
      session: (ref) => env.SESSION.get(env.SESSION.idFromString(ref.idObject)),
      tenant: (idTenant) => env.TENANT.getByName(idTenant),
      askStarts: (idSubscription, question) =>
        env.DISPATCHER.getByName(`rate:${idSubscription}`).giveStarts(question),
      send: (config, idEvent, body, now) => this.#send(config, idEvent, body, now),
      sendBatch: (request, report) =>
        this.ctx.exports.Courier.run({ ...request, timeoutMs: this.timeoutMs }, async (part) => report(part)),
      failed: (error) => this.#failed(error),
      background: (promise) => this.ctx.waitUntil(promise),
      arm: () => this.#arm(),
    }
    this.#work = Work.load(this.#store, doors)
  }

  #send(config: SubscriptionConfig, idEvent: string, body: string, now: number): Promise<Answer> {
    const policy = targetPolicyOf(readConfig(this.env))
    const { timeoutMs } = this
    return attempt({ destination: config, idEvent, body, userAgent, policy, timeoutMs, now }, this.#deadlines)
  }

  /** Makes sure that an alarm stands while there is anything to do. */
  async #arm(): Promise<void> {
    const flushing = flushCounts(() => this.env.FLEET.getByName('fleet'), Date.now())
    if (flushing) this.ctx.waitUntil(flushing)
    const due = this.#work?.nextDue(Date.now()) ?? null
    if (due === null) return
    try {
      await this.#alarm.ensure(Math.max(due, Date.now() + 1))
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    reportFailure('dispatcher', error, { idSubscription: this.#work?.settings.config.idSubscription })
  }
}

function notConfigured(): NotConfigured {
  return fail(
    'notConfigured',
    'This subscription does not concern this session, or is not ready yet. Try again soon.',
  )
}
