import type { EventDraft } from '../../schema/event/event.ts'
import type { SessionRef } from '../../schema/link.ts'
import type { Config } from '../config.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import { probeDelay } from './backoff.ts'
import { batchLimiter } from './batch-limiter.ts'
import { Batches, type BatchRequest } from './batches.ts'
import { Breaker } from './breaker.ts'
import type { DeliverySources } from './deliveries.ts'
import { Engine } from './engine.ts'
import type { Report } from './errand.ts'
import { Health } from './health.ts'
import { countUnsettled } from './lag.ts'
import { LaneBook } from './lane-book.ts'
import { Ledger } from './ledger.ts'
import type { Answer, DisableReason } from './outcome.ts'
import type { Control, Replay, Settings } from './record.ts'
import { LogIntake } from './log-intake.ts'
import { Replayer } from './replayer.ts'
import { Reporter } from './reporter.ts'
import { Retirement, type RetirementDoor } from './retirement.ts'
import { Settlement } from './settlement.ts'
import type { DispatcherStore } from './store.ts'
import { Stream, type LogSlice } from './stream.ts'
import { Throttle, type StartsGiven } from './throttle.ts'

/** What a Dispatcher needs of a Session. */
export interface SessionDoor {
  readLog(options: { after: number; limit: number; maxBytes: number }): Promise<LogSlice>
  sequenceBefore(at: number): Promise<{ sequence: number }>
  loggedAt(sequence: number): Promise<{ at: number | null }>
  findEvent(idEvent: string): Promise<{ ok: true; line: string } | { ok: false }>
  appendOwn(event: EventDraft): Promise<{ ok: boolean }>
}

/** What a Dispatcher needs of a Tenant. */
export interface TenantDoor extends RetirementDoor {
  disableSubscription(report: {
    idSubscription: string
    idObject: string
    version: number
    reason: DisableReason
  }): Promise<{ ok: true; tells: boolean } | { ok: false }>
}

export interface WorkDoors {
  config: Config
  now: () => number
  random: () => number
  session: (ref: SessionRef) => SessionDoor
  tenant: (idTenant: string) => TenantDoor
  /** Asks for starts of a subscription's requests, which its sessions share. */
  askStarts: (idSubscription: string, question: { rate: number; count: number }) => Promise<StartsGiven>
  send: (config: SubscriptionConfig, idEvent: string, body: string, now: number) => Promise<Answer>
  sendBatch: (request: BatchRequest, report: (report: Report) => void) => Promise<Report>
  failed: (error: unknown) => void
  background: (promise: Promise<unknown>) => void
  arm: () => Promise<void>
}

const pruneEveryMs = 6 * 3_600_000

/** A Dispatcher at work: its parts, put together from what is stored. */
export class Work {
  readonly store: DispatcherStore
  readonly doors: WorkDoors
  readonly control: Control
  readonly book = new LaneBook()
  readonly stream: Stream
  readonly ledger: Ledger
  readonly breaker: Breaker
  readonly health = new Health()
  readonly replayer: Replayer
  readonly retirement: Retirement
  readonly settlement: Settlement
  readonly throttle: Throttle
  readonly batches: Batches
  readonly engine: Engine
  readonly reporter: Reporter
  settings: Settings
  #prunedAt = 0

  private constructor(store: DispatcherStore, doors: WorkDoors, settings: Settings) {
    this.store = store
    this.doors = doors
    this.settings = settings
    this.control = store.control()
    const progress = store.progress() ?? { n: 0, cursor: settings.startAfter, open: [] }
    const schedule = doors.config.CHATLINK_RETRY_SCHEDULE
    const filter = () => this.settings.config
    this.book.load(store.lanes())
    this.stream = new Stream(progress.cursor, progress.open, this.book, filter)
    this.ledger = new Ledger(store, this.stream, this.book, this.control, progress)
    this.breaker = new Breaker(this.control.breaker, (step) => probeDelay(schedule, step, doors.random()))
    this.replayer = new Replayer(store, this.control, this.stream, this.book, filter)
    this.retirement = new Retirement(this.control)
    const { stream, book, ledger, breaker, control, health, replayer } = this
    const shared = { stream, book, ledger, breaker, limiter: batchLimiter, settings: () => this.settings }
    this.settlement = new Settlement({ ...shared, store, control, health, schedule, random: doors.random })
    this.throttle = new Throttle({
      rate: () => this.settings.config.rateLimitPerSecond,
      ask: (question) => doors.askStarts(this.settings.config.idSubscription, question),
      now: doors.now,
      answered: () => this.engine.kick(),
      failed: doors.failed,
    })
    this.batches = new Batches({
      ...shared,
      health,
      settlement: this.settlement,
      wake: () => this.engine.kick(),
      send: doors.sendBatch,
      now: doors.now,
      failed: doors.failed,
    })
    const isActive = () => this.isActive
    const { now, failed } = doors
    this.reporter = new Reporter({
      store,
      control,
      ledger,
      settlement: this.settlement,
      retirement: this.retirement,
      settings: shared.settings,
      session: () => this.session,
      tenant: doors.tenant,
      now,
      failed,
    })
    const readLog: SessionDoor['readLog'] = (options) => this.session.readLog(options)
    this.engine = new Engine({
      ...shared,
      batches: this.batches,
      replayer,
      intake: new LogIntake({ ...shared, replayer, isActive, readLog, now, failed }),
      throttle: this.throttle,
      settlement: this.settlement,
      isActive,
      failingSince: () => this.control.failingSince,
      send: (job, at) => doors.send(this.settings.config, job.idEvent, job.body, at),
      now,
      failed,
      written: () => doors.background(this.reporter.written().then(() => doors.arm())),
    })
    for (const { error, durationMs } of store.latestAttempts()) this.health.add(error === null, durationMs)
  }

  /** Puts a Dispatcher together from storage; null when there is none. */
  static load(store: DispatcherStore, doors: WorkDoors): Work | null {
    const settings = store.settings()
    return settings && new Work(store, doors, settings)
  }

  get session(): SessionDoor {
    return this.doors.session(this.settings.ref)
  }

  get sources(): DeliverySources {
    const { store, stream, book, ledger } = this
    const readLog = (options: { after: number; limit: number; maxBytes: number }) =>
      this.session.readLog(options)
    return { store, stream, book, ledger, settings: () => this.settings, readLog }
  }

  /** Whether anything may be sent. */
  get isActive(): boolean {
    return this.settings.config.status === 'enabled' && this.control.disabled === null
  }

  /** Begins a replay; from here on it survives whatever happens to the object. */
  beginReplay(replay: Replay, now: number): void {
    this.replayer.begin(replay)
    this.ledger.controlChanged(now)
    this.ledger.write(now)
    this.engine.kick()
  }

  /** What is to be done from time to time. */
  upkeep(now: number): void {
    if (now - this.#prunedAt < pruneEveryMs) return
    this.#prunedAt = now
    this.store.dead.prune(now - this.doors.config.CHATLINK_RETENTION_DAYS * 86_400_000)
  }

  nextDue(now: number): number | null {
    const due = [this.engine.nextDue(now), this.reporter.nextDue(now)].filter((at) => at !== null)
    return due.length === 0 ? null : Math.min(...due)
  }

  /** Reads how long the log is. */
  async refreshHead(): Promise<void> {
    try {
      const head = await this.readHead()
      if (head > this.stream.head) this.stream.head = head
    } catch (error) {
      this.doors.failed(error)
    }
  }

  /** What is not settled: how many events, and when the oldest of them was logged; null when there is none. */
  async backlog(): Promise<{ lag: number; waitingSince: number | null }> {
    try {
      return { lag: await countUnsettled(this.sources), waitingSince: await this.#waitingSince() }
    } catch (error) {
      this.doors.failed(error)
      const { stream, book } = this
      return {
        lag: Math.max(0, stream.head - stream.cursor) + stream.openSize + book.size,
        waitingSince: null,
      }
    }
  }

  async #waitingSince(): Promise<number | null> {
    const { stream, book } = this
    const unsettled = book.records.map(({ sequence, position }) => sequence ?? position + 1)
    if (stream.cursor < stream.head) unsettled.push(stream.cursor + 1)
    const oldest = Math.min(...unsettled, ...stream.open)
    return oldest === Infinity ? null : (await this.session.loggedAt(oldest)).at
  }

  /** How long the log is. */
  async readHead(): Promise<number> {
    const { head } = await this.session.readLog({ after: Number.MAX_SAFE_INTEGER, limit: 1, maxBytes: 1 })
    return head
  }
}
