import { DurableObject } from 'cloudflare:workers'
import type { SessionRef } from '../../schema/link.ts'
import type { OutgoingMessage } from '../../schema/outgoing.ts'
import { readConfig, type Env } from '../env.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import { AlarmClock } from '../alarm-clock.ts'
import { addDraft, makeDraft, type Change, type OwnEvent } from './change.ts'
import { applyCommit, type CommitFrame } from './commit.ts'
import { ContactReader, type ContactsPage, type FoundContact } from './contact-reader.ts'
import { Control, type Request as LifeRequest } from './control.ts'
import { SessionDispatchers } from './dispatchers.ts'
import type { StoredFile } from './file-event.ts'
import { FleetTie } from './fleet-tie.ts'
import { takeStoredFile } from './held-release.ts'
import { SessionLink } from './link.ts'
import { LogReader, type EventPage, type InvalidPage, type LogSlice } from './log-reader.ts'
import { Messages, type Cancelled, type Found, type Page, type SendOptions, type Sent } from './messages.ts'
import { NumberChecks } from './number-checks.ts'
import { Questions, type Answered, type Question } from './questions.ts'
import { makeRecord, type SessionRecord } from './record.ts'
import { isActive } from './state-table.ts'
import { SessionStore } from './store.ts'
import { timing } from './timing.ts'
import { Turns } from './turns.ts'
import { Upkeep } from './upkeep.ts'
import { viewSession, type SessionView } from './view.ts'
import { Waiters } from './waiters.ts'

type Gone = Failure<'sessionNotFound'>
type Viewed = Result<{ session: SessionView }, 'sessionNotFound'>

/**
 * One linked WhatsApp account: its state, its log, its keys, its outgoing messages, the link to its connector. The parts
 * are in their own files; this class is the door. Whatever changes goes through `#change`, which stores it whole, then
 * wakes Dispatchers, ends waits, and brings link and Fleet in line with the state.
 */
export class Session extends DurableObject<Env> {
  readonly #store: SessionStore
  readonly #link: SessionLink
  readonly #dispatchers: SessionDispatchers
  readonly #fleet: FleetTie
  readonly #alarm: AlarmClock
  readonly #upkeep: Upkeep
  readonly #control: Control
  readonly #reader: LogReader
  readonly #messages: Messages
  readonly #questions: Questions
  readonly #contacts: ContactReader
  readonly #turns: Turns
  readonly #waiters = new Waiters()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const store = new SessionStore(ctx.storage)
    const change = (apply: (change: Change, record: SessionRecord) => void) => this.#change(apply)
    const failed = (error: unknown) => reportFailure(store, error)
    const living = () => this.#living()
    this.#store = store
    this.#alarm = new AlarmClock(ctx.storage)
    this.#dispatchers = new SessionDispatchers(store, (name) => env.DISPATCHER.getByName(name), failed)
    this.#fleet = new FleetTie(store, () => env.FLEET.getByName('fleet'), failed)
    this.#link = new SessionLink(ctx, store, {
      change,
      commit: (frame, size, acknowledge) => this.#commit(frame, size, acknowledge),
      linked: () => this.#linked(),
      failed,
    })
    const link = this.#link
    const waiters = this.#waiters
    this.#control = new Control({ store, link, living, change })
    this.#reader = new LogReader({ store, waiters, living })
    this.#questions = new Questions({ link, living })
    const checks = new NumberChecks(store.recipients, this.#questions)
    this.#turns = new Turns({ store, link, checks, change })
    const turns = this.#turns
    this.#messages = new Messages({
      store,
      link,
      waiters,
      checks,
      turns,
      living,
      change: (apply) => this.#change(apply),
    })
    this.#contacts = new ContactReader({ store, living })
    this.#upkeep = new Upkeep({
      store,
      dispatchers: this.#dispatchers,
      fleet: this.#fleet,
      turns: this.#turns,
      retentionMs: readConfig(env).CHATLINK_RETENTION_DAYS * 86_400_000,
      change,
      failed,
      erase: () => this.#erase(),
    })
    void ctx.blockConcurrencyWhile(async () => {
      store.open()
      await this.#alarm.load()
      if (!store.record) return
      if (!this.#link.owner()) this.#fleet.unlinked(Date.now(), timing.relinkMs)
      if (store.record.destroyedAt !== null) this.#upkeep.beginFarewell(Date.now())
    })
  }

  /** Takes the session's name, settings and subscriptions from its Tenant; the first call makes the session. */
  async configure(input: {
    ref: SessionRef
    name: string | null
    settings: SessionSettings
    subscriptions: SubscriptionConfig[]
    version: number
  }): Promise<{ ok: true; version: number }> {
    const store = this.#store
    if (!store.record) store.create(makeRecord(input.ref, { ...input, now: Date.now() }))
    if (input.version > (store.record?.version ?? 0)) {
      this.#change((_change, record) => {
        record.name = input.name
        record.settings = input.settings
        store.pace.adapt(input.settings.pacing, Date.now())
        record.version = input.version
        store.subscriptions.replace(input.subscriptions, (config) =>
          store.log.sequenceBefore(config.createdAt),
        )
      })
    }
    if (!this.#dispatchers.isConfigured) await this.#dispatchers.configure()
    await this.#arm()
    return { ok: true, version: store.record?.version ?? 0 }
  }

  describe(): Viewed {
    const record = this.#living()
    return 'ok' in record
      ? record
      : succeed({ session: viewSession(this.#store, record, this.#link.owner() !== null) })
  }

  /** Lets a connector run the session. */
  async start(): Promise<Viewed> {
    return this.#act('start')
  }

  /** Stops running the session; it stays linked in WhatsApp. */
  async stop(): Promise<Viewed> {
    return this.#act('stop')
  }

  /** Unlinks the account from WhatsApp and forgets its keys. */
  async logout(): Promise<Viewed> {
    return this.#act('logout')
  }

  /** Unlinks the account, tells subscribers `destroyed`, and erases everything when they have heard it. */
  async destroy(options: { now?: boolean } = {}): Promise<{ ok: true }> {
    if (!this.#store.record) return { ok: true }
    if (options.now) {
      await this.#erase()
      return { ok: true }
    }
    if (this.#control.beginDestroying()) await this.#act('destroy')
    return { ok: true }
  }

  qr(): Result<{ qr: string; expiresAt: number }, 'sessionNotFound' | 'noQr'> {
    const record = this.#living()
    if ('ok' in record) return record
    const { state, qr, qrExpiresAt } = record
    if (state !== 'qr' || qr === null || qrExpiresAt === null || qrExpiresAt <= Date.now()) {
      return fail(
        'noQr',
        `There is no QR code to scan now: the session is ${state}. One comes within seconds of a start.`,
      )
    }
    return succeed({ qr, expiresAt: qrExpiresAt })
  }

  /** Stores a message durably, hands it to the connector, and waits for WhatsApp's acknowledgement up to `waitSeconds`. */
  async sendMessage(message: OutgoingMessage, options: SendOptions): Promise<Sent> {
    return this.#messages.send(message, options)
  }

  getMessage(idMessage: string): Found {
    return this.#messages.find(idMessage)
  }

  /** Messages that wait, in the order in which they will go. */
  listQueuedMessages(options: { limit: number; cursor?: string | undefined }): Page {
    return this.#messages.listQueued(options)
  }

  /** Takes a message back that has not gone. */
  async cancelMessage(idMessage: string): Promise<Cancelled> {
    return this.#messages.cancel(idMessage)
  }

  /** Asks WhatsApp something, through the connector, and waits for the answer. */
  async ask(question: Question): Promise<Answered> {
    return this.#questions.ask(question)
  }

  /** People whom the account knows, by address. */
  listContacts(options: { limit: number; cursor?: string | undefined }): ContactsPage {
    return this.#contacts.list(options)
  }

  getContact(jid: string): FoundContact {
    return this.#contacts.get(jid)
  }

  /** A page of the log, as JSON lines in their exact bytes. */
  listEvents(options: Parameters<LogReader['list']>[0]): EventPage {
    return this.#reader.list(options)
  }

  /** Resolves when the log grows beyond `after`, or the time is over; returns the head. */
  async awaitEvents(options: { after: number; waitSeconds: number }): Promise<{ head: number }> {
    return this.#reader.wait(options)
  }

  /** A page of the log for a Dispatcher; works until the session is erased. */
  readLog(options: { after: number; limit: number; maxBytes: number }): LogSlice {
    return this.#reader.slice(options)
  }

  head(): { head: number } {
    return { head: this.#store.log.head }
  }

  /** Sequence of the newest event that was logged before a time (ms). */
  sequenceBefore(at: number): { sequence: number } {
    return { sequence: this.#store.log.sequenceBefore(at) }
  }

  /** When an event was logged (ms); null when the log has nothing from there on. */
  loggedAt(sequence: number): { at: number | null } {
    return { at: this.#store.record ? this.#store.log.loggedAt(sequence) : null }
  }

  /** Logs an event that the Worker itself makes. With an `idEvent` of its own it is logged once, however often told. */
  appendOwn(event: OwnEvent): Result<object, 'sessionNotFound' | 'invalidEvent'> {
    const record = this.#living()
    if ('ok' in record) return record
    const draft = makeDraft(record.ref.idSession, event)
    if (typeof draft === 'string') return fail('invalidEvent', draft)
    this.#change((change) => addDraft(change, draft))
    return succeed({})
  }

  /** The file of a held event is stored: the event may go. `isAwaited` is false when it had gone without. */
  fileStored(file: StoredFile & { idFile: string }): Result<{ isAwaited: boolean }, 'sessionNotFound'> {
    if (!this.#store.record) return sessionNotFound()
    const { CHATLINK_PUBLIC_URL: publicUrl } = readConfig(this.env)
    const { held } = this.#store
    const isAwaited = this.#change((change) => takeStoredFile(held, change, file, publicUrl))
    return succeed({ isAwaited })
  }

  /** Whose session this is; null in an object that holds none. */
  ref(): SessionRef | null {
    return this.#store.record?.ref ?? null
  }

  listInvalid(options: { after: number; limit: number }): InvalidPage {
    return this.#reader.listInvalid(options)
  }

  override fetch(request: Request): Response {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response('This is a WebSocket.', { status: 426, headers: { upgrade: 'websocket' } })
    }
    return this.#link.accept()
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#link.receive(socket, data)
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    socket.close(code === 1005 || code === 1006 ? 1000 : code, 'closed')
    if (!this.#link.isOwner(socket) || this.#link.owner()) return
    // A connector that hands the session over says so by a normal close: no reason to wait for it.
    this.#fleet.unlinked(Date.now(), code === 1000 ? 0 : timing.relinkMs)
    if (code === 1000) await this.#fleet.sync(Date.now())
    await this.#arm()
  }

  override async alarm(): Promise<void> {
    this.#alarm.spend()
    try {
      await this.#upkeep.run(Date.now())
    } catch (error) {
      reportFailure(this.#store, error)
    }
    await this.#arm()
  }

  async #act(request: LifeRequest): Promise<Viewed> {
    this.#control.act(request)
    await this.#fleet.sync(Date.now())
    await this.#arm()
    return this.describe()
  }

  #commit(frame: CommitFrame, frameCharacters: number, acknowledge: () => void): void {
    const options = { fileDeadlineMs: timing.fileDeadlineMs, frameCharacters }
    this.#change((change) => applyCommit(this.#store, change, frame, options), acknowledge)
  }

  #linked(): void {
    this.#fleet.linked()
    this.#turns.advance()
    this.#background(this.#dispatchers.wakeAll())
  }

  #change<Outcome>(apply: (change: Change, record: SessionRecord) => Outcome, applied?: () => void): Outcome {
    const { outcome, entries, finished, answers } = this.#store.change(Date.now(), apply)
    applied?.()
    this.#background(this.#dispatchers.announce(entries))
    for (const idCommand of finished) this.#waiters.settle(idCommand)
    for (const answer of answers) this.#questions.settle(answer)
    if (entries.length > 0) this.#waiters.settle('log')
    this.#followState()
    return outcome
  }

  /** Brings link and Fleet in line with what the record says. */
  #followState(): void {
    const { record } = this.#store
    if (!record) return
    const now = Date.now()
    this.#turns.advance()
    if (record.destroyedAt !== null) this.#upkeep.beginFarewell(now)
    if (!isActive(record.state)) this.#link.release()
    else if (record.desire !== 'run') this.#link.tell({ type: 'desire', desire: record.desire })
    this.#background([this.#fleet.sync(now), this.#arm()])
  }

  async #arm(): Promise<void> {
    try {
      if (this.#store.record) await this.#alarm.ensure(this.#upkeep.nextDue(Date.now()))
    } catch (error) {
      reportFailure(this.#store, error)
    }
  }

  async #erase(): Promise<void> {
    const ref = this.#store.record?.ref
    if (!ref) return
    this.#link.release()
    await this.#dispatchers.destroyAll()
    if (this.#store.record?.fleetKnows !== 'nothing')
      await this.env.FLEET.getByName('fleet').releaseSession(ref.idObject)
    await this.env.TENANT.getByName(ref.idTenant).sessionGone(ref.idObject)
    await this.#alarm.clear()
    await this.ctx.storage.deleteAll()
    this.#store.forget()
  }

  /** The record, unless the session was destroyed or never made. */
  #living(): SessionRecord | Gone {
    const { record } = this.#store
    return record && record.destroyedAt === null ? record : sessionNotFound()
  }

  #background(promises: Promise<unknown>[]): void {
    for (const promise of promises) this.ctx.waitUntil(promise)
  }
}

function sessionNotFound(): Gone {
  return fail('sessionNotFound', 'There is no such session. List the sessions to see which there are.')
}

function reportFailure(store: SessionStore, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  // oxlint-disable-next-line no-console -- the Worker's log is its console
  console.error(
    JSON.stringify({ level: 'error', part: 'session', idObject: store.record?.ref.idObject, error: text }),
  )
}
