import type { Env } from '../env.ts'
import { readConfig } from '../env.ts'
import { reportFailure } from '../report-failure.ts'
import { fail, type Failure } from '../result.ts'
import { AlarmClock } from '../alarm-clock.ts'
import { count, flushCounts } from '../counts.ts'
import type { Change } from './change.ts'
import { applyCommit, type CommitFrame } from './commit.ts'
import { ContactReader } from './contact-reader.ts'
import { Control } from './control.ts'
import { SessionDispatchers } from './dispatchers.ts'
import { readMessageType, type LogEntry } from './event-line.ts'
import { FileRetry } from './file-retry.ts'
import { FleetTie } from './fleet-tie.ts'
import { GroupMaker } from './group-maker.ts'
import { SessionLink } from './link.ts'
import { LogReader } from './log-reader.ts'
import { Messages } from './messages.ts'
import { NumberChecks } from './number-checks.ts'
import { Questions } from './questions.ts'
import type { SessionRecord } from './record.ts'
import { isActive } from './state-table.ts'
import { SessionStore } from './store.ts'
import { timing } from './timing.ts'
import { Turns } from './turns.ts'
import { Upkeep } from './upkeep.ts'
import { Waiters } from './waiters.ts'

type Gone = Failure<'sessionNotFound'>

/**
 * A session at work: its parts, put together. Whatever changes goes through `change`, which stores it whole, then wakes
 * Dispatchers, ends waits, and brings link and Fleet in line with the state.
 */
export class Work {
  readonly store: SessionStore
  readonly link: SessionLink
  readonly dispatchers: SessionDispatchers
  readonly fleet: FleetTie
  readonly alarm: AlarmClock
  readonly upkeep: Upkeep
  readonly control: Control
  readonly reader: LogReader
  readonly messages: Messages
  readonly questions: Questions
  readonly groups: GroupMaker
  readonly contacts: ContactReader
  readonly files: FileRetry
  readonly #ctx: DurableObjectState
  readonly #env: Env
  readonly #turns: Turns
  readonly #waiters = new Waiters()

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx
    this.#env = env
    const retentionMs = readConfig(env).CHATLINK_RETENTION_DAYS * 86_400_000
    const store = new SessionStore(ctx.storage, retentionMs)
    const waiters = this.#waiters
    const shared = {
      store,
      waiters,
      living: () => this.living(),
      change: <Outcome>(apply: (change: Change, record: SessionRecord) => Outcome) => this.change(apply),
      failed: (error: unknown) => this.failed(error),
    }
    const { failed } = shared
    this.store = store
    this.alarm = new AlarmClock(ctx.storage)
    this.dispatchers = new SessionDispatchers(store, (name) => env.DISPATCHER.getByName(name), failed)
    this.fleet = new FleetTie(store, () => env.FLEET.getByName('fleet'), failed)
    const link = new SessionLink(ctx, store, {
      ...shared,
      commit: (frame, size, acknowledge) => this.#commit(frame, size, acknowledge),
      linked: () => this.#linked(),
    })
    this.link = link
    this.control = new Control({ ...shared, link })
    this.reader = new LogReader(shared)
    this.questions = new Questions({ ...shared, link })
    const { questions } = this
    this.groups = new GroupMaker({ ...shared, questions })
    const checks = new NumberChecks(store.recipients, questions)
    this.#turns = new Turns({ ...shared, link, checks })
    this.messages = new Messages({ ...shared, link, checks, turns: this.#turns, fleet: this.fleet })
    this.contacts = new ContactReader(shared)
    this.files = new FileRetry({ ...shared, questions })
    this.upkeep = new Upkeep({
      ...shared,
      dispatchers: this.dispatchers,
      fleet: this.fleet,
      turns: this.#turns,
      retentionMs,
      erase: () => this.erase(),
    })
  }

  /** Reads what is stored; to be awaited before anything else. */
  async load(): Promise<void> {
    const { store, alarm, link, fleet, upkeep } = this
    store.open()
    await alarm.load()
    if (!store.record) return
    if (link.owner()) fleet.linked(Date.now())
    else fleet.unlinked(Date.now(), timing.relinkMs)
    if (store.record.destroyedAt !== null) upkeep.beginFarewell(Date.now())
  }

  /** Makes one change, whole or not at all. `applied` runs when it is stored, and those who wait for its events have been told. */
  change<Outcome>(apply: (change: Change, record: SessionRecord) => Outcome, applied?: () => void): Outcome {
    const before = this.store.record && { ...this.store.record }
    const { outcome, entries, finished, answers } = this.store.change(Date.now(), apply)
    this.#background(this.dispatchers.announce(entries))
    applied?.()
    this.#count(entries, before)
    for (const idCommand of finished) this.#waiters.settle(idCommand)
    for (const answer of answers) this.questions.settle(answer)
    if (entries.length > 0) this.#waiters.settle('log')
    this.#followState()
    return outcome
  }

  /** Makes sure that the alarm rings when the next thing is due; null when it does already. */
  arm(): Promise<void> | null {
    const now = Date.now()
    this.#background([flushCounts(() => this.#env.FLEET.getByName('fleet'), now)])
    try {
      const setting = this.store.record && this.alarm.ensure(this.upkeep.nextDue(now))
      return setting && setting.catch((error: unknown) => this.failed(error))
    } catch (error) {
      this.failed(error)
      return null
    }
  }

  /** Ends the session for good: nothing of it is kept. */
  async erase(): Promise<void> {
    const ref = this.store.record?.ref
    if (!ref) return
    this.link.release()
    await this.dispatchers.destroyAll()
    if (this.store.record?.fleetKnows !== 'nothing')
      await this.#env.FLEET.getByName('fleet').releaseSession(ref.idObject)
    await this.#env.TENANT.getByName(ref.idTenant).sessionGone(ref.idObject)
    await this.alarm.clear()
    await this.#ctx.storage.deleteAll()
    this.store.forget()
  }

  /** The record, unless the session was destroyed or never made. */
  living(): SessionRecord | Gone {
    const { record } = this.store
    return record && record.destroyedAt === null ? record : sessionNotFound()
  }

  failed(error: unknown): void {
    reportFailure('session', error, { idObject: this.store.record?.ref.idObject })
  }

  #commit(frame: CommitFrame, frameCharacters: number, acknowledge: () => void): void {
    const options = { fileDeadlineMs: timing.fileDeadlineMs, frameCharacters }
    this.change((change) => applyCommit(this.store, change, frame, options), acknowledge)
  }

  #linked(): void {
    this.fleet.linked(Date.now())
    this.questions.abandon(this.store.record?.epoch ?? 0)
    this.#turns.advance()
    this.#background(this.dispatchers.wakeAll())
  }

  #count(entries: readonly LogEntry[], before: Pick<SessionRecord, 'invalidCount' | 'state'> | null): void {
    for (const { body } of entries) count('events', readMessageType(body))
    const { record } = this.store
    if (!record) return
    const invalid = record.invalidCount - (before?.invalidCount ?? 0)
    if (invalid > 0) count('invalidEvents', '', invalid)
    if (record.state !== before?.state) count('stateChanges', record.state)
  }

  /** Brings link and Fleet in line with what the record says. */
  #followState(): void {
    const { record } = this.store
    if (!record) return
    const now = Date.now()
    this.#turns.advance()
    if (record.destroyedAt !== null) this.upkeep.beginFarewell(now)
    if (!isActive(record.state)) this.link.release()
    else if (record.desire !== 'run') this.link.tell({ type: 'desire', desire: record.desire })
    this.#background([this.fleet.sync(now), this.arm()])
  }

  /** Keeps the object alive for what is under way. To wait for nothing costs, too: null says that there is nothing. */
  #background(promises: readonly (Promise<unknown> | null)[]): void {
    for (const promise of promises) if (promise) this.#ctx.waitUntil(promise)
  }
}

/** What is answered when a session is gone, or never was. */
export function sessionNotFound(): Gone {
  return fail('sessionNotFound', 'There is no such session. List the sessions to see which there are.')
}
