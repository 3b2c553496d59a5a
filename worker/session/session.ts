import { DurableObject } from 'cloudflare:workers'
import type { SessionRef } from '../../schema/link.ts'
import type { SendableMessage } from '../../schema/outgoing.ts'
import { readConfig, type Env } from '../env.ts'
import type { Origin } from '../idempotency.ts'
import { fail, succeed, type Result } from '../result.ts'
import { addDraft, makeDraft, type OwnEvent } from './change.ts'
import type { ContactsPage, FoundContact } from './contact-reader.ts'
import type { LifeRequest, SessionConfig } from './control.ts'
import type { StoredFile } from './file-event.ts'
import type { Retried } from './file-retry.ts'
import type { MadeGroup } from './group-maker.ts'
import { takeStoredFile } from './held-release.ts'
import type { EventFound, EventPage, InvalidPage, LogReader, LogSlice } from './log-reader.ts'
import type { Cancelled, Found, Page, SendOptions, Sent } from './messages.ts'
import type { Answered, Question } from './questions.ts'
import type { SessionRecord } from './record.ts'
import { timing } from './timing.ts'
import { viewQr, viewSession, type QrView, type SessionView } from './view.ts'
import { sessionNotFound, Work } from './work.ts'

type Viewed = Result<{ session: SessionView }, 'sessionNotFound'>

/**
 * One linked WhatsApp account: its state, its log, its keys, its outgoing messages, the link to its connector. This class
 * is the door, with what others may call; `work.ts` puts the parts together.
 */
export class Session extends DurableObject<Env> {
  readonly #work: Work

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#work = new Work(ctx, env)
    void ctx.blockConcurrencyWhile(() => this.#work.load())
  }

  /** Takes the session's name, settings and subscriptions from its Tenant; the first call makes the session. */
  async configure(input: SessionConfig): Promise<{ ok: true; version: number }> {
    const { control, dispatchers, store } = this.#work
    control.configure(input)
    if (!dispatchers.isConfigured) await dispatchers.configure()
    await this.#work.arm()
    return { ok: true, version: store.record?.version ?? 0 }
  }

  describe(): Viewed {
    const record = this.#work.living()
    return 'ok' in record ? record : succeed({ session: this.#view(record) })
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
    if (!this.#work.store.record) return { ok: true }
    if (options.now) {
      await this.#work.erase()
      return { ok: true }
    }
    if (this.#work.control.beginDestroying()) await this.#act('destroy')
    return { ok: true }
  }

  qr(): Result<QrView, 'sessionNotFound' | 'noQr'> {
    const record = this.#work.living()
    return 'ok' in record ? record : viewQr(record, this.#view(record), Date.now())
  }

  /** The Fleet hears nothing of this connector any more. Should it be there after all, its link comes back and goes on. */
  connectorLost(idConnector: string): { ok: true } {
    const { store, link, fleet } = this.#work
    const socket = store.record?.idConnector === idConnector ? link.owner() : null
    if (socket) {
      socket.close(1001, 'not heard any more')
      fleet.unlinked(Date.now(), timing.relinkMs)
    }
    return { ok: true }
  }

  /** Stores a message durably, hands it to the connector, and waits for WhatsApp's acknowledgement up to `waitSeconds`. */
  async sendMessage(message: SendableMessage, options: SendOptions): Promise<Sent> {
    return this.#work.messages.send(message, options)
  }

  getMessage(idMessage: string): Found {
    return this.#work.messages.find(idMessage)
  }

  /** Messages that wait, in the order in which they will go. */
  listQueuedMessages(options: { limit: number; cursor?: string | undefined }): Page {
    return this.#work.messages.listQueued(options)
  }

  /** Takes a message back that has not gone. */
  async cancelMessage(idMessage: string): Promise<Cancelled> {
    return this.#work.messages.cancel(idMessage)
  }

  /** Asks WhatsApp something, through the connector, and waits for the answer. */
  async ask(question: Question): Promise<Answered> {
    return this.#work.questions.ask(question)
  }

  /** Makes a group, once for the same `origin`. */
  async makeGroup(
    question: Extract<Question, { kind: 'createGroup' }>,
    origin: Origin<'grp'>,
  ): Promise<MadeGroup> {
    return this.#work.groups.make(question, origin)
  }

  /** People whom the account knows, by address. */
  listContacts(options: { limit: number; cursor?: string | undefined }): ContactsPage {
    return this.#work.contacts.list(options)
  }

  getContact(jid: string): FoundContact {
    return this.#work.contacts.get(jid)
  }

  /** A page of the log, as JSON lines in their exact bytes. */
  listEvents(options: Parameters<LogReader['list']>[0]): EventPage {
    return this.#work.reader.list(options)
  }

  /** Resolves when the log grows beyond `after`, or the time is over; returns the head. */
  async awaitEvents(options: { after: number; waitSeconds: number }): Promise<{ head: number }> {
    return this.#work.reader.wait(options)
  }

  /** A page of the log for a Dispatcher; works until the session is erased. */
  readLog(options: { after: number; limit: number; maxBytes: number }): LogSlice {
    return this.#work.reader.slice(options)
  }

  /** One event of the log, as its line of JSON. */
  findEvent(idEvent: string): EventFound {
    return this.#work.reader.find(idEvent)
  }

  head(): { head: number } {
    return { head: this.#work.store.log.head }
  }

  /** Sequence of the newest event that was logged before a time (ms). */
  sequenceBefore(at: number): { sequence: number } {
    return { sequence: this.#work.store.log.sequenceBefore(at) }
  }

  /** When an event was logged (ms); null when the log has nothing from there on. */
  loggedAt(sequence: number): { at: number | null } {
    return { at: this.#work.store.record ? this.#work.store.log.loggedAt(sequence) : null }
  }

  /** Logs an event that the Worker itself makes. With an `idEvent` of its own it is logged once, however often told. */
  appendOwn(event: OwnEvent): Result<object, 'sessionNotFound' | 'invalidEvent'> {
    const record = this.#work.living()
    if ('ok' in record) return record
    const draft = makeDraft(record.ref.idSession, event)
    if (typeof draft === 'string') return fail('invalidEvent', draft)
    this.#work.change((change) => addDraft(change, draft))
    return succeed({})
  }

  /** The file of a held event is stored: the event may go. `isAwaited` is false when it had gone without. */
  fileStored(file: StoredFile & { idFile: string }): Result<{ isAwaited: boolean }, 'sessionNotFound'> {
    if (!this.#work.store.record) return sessionNotFound()
    const { CHATLINK_PUBLIC_URL: publicUrl } = readConfig(this.env)
    const store = this.#work.store
    const isAwaited = this.#work.change((change) => takeStoredFile(store, change, file, publicUrl))
    return succeed({ isAwaited })
  }

  /** Lets the connector fetch a file once more whose event went without it. */
  async retryFile(idFile: string): Promise<Retried> {
    return this.#work.files.retry(idFile)
  }

  /** Whose session this is; null in an object that holds none. */
  ref(): SessionRef | null {
    return this.#work.store.record?.ref ?? null
  }

  listInvalid(options: { after: number; limit: number }): InvalidPage {
    return this.#work.reader.listInvalid(options)
  }

  /** Opens a connector's link; the route has seen that a WebSocket is asked for. */
  override fetch(): Response {
    return this.#work.link.accept()
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#work.link.receive(socket, data)
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    socket.close(code === 1005 || code === 1006 ? 1000 : code, 'closed')
    if (!this.#work.link.isOwner(socket) || this.#work.link.owner()) return
    // A connector that hands the session over says so by a normal close: no reason to wait for it.
    this.#work.fleet.unlinked(Date.now(), code === 1000 ? 0 : timing.relinkMs)
    if (code === 1000) await this.#work.fleet.sync(Date.now())
    await this.#work.arm()
  }

  override async alarm(): Promise<void> {
    this.#work.alarm.spend()
    try {
      await this.#work.upkeep.run(Date.now())
    } catch (error) {
      this.#work.failed(error)
    }
    await this.#work.arm()
  }

  #view(record: SessionRecord): SessionView {
    const { store, link, fleet } = this.#work
    return viewSession(store, record, link.owner() !== null, fleet.waiting)
  }

  async #act(request: LifeRequest): Promise<Viewed> {
    this.#work.control.act(request)
    await this.#work.fleet.sync(Date.now())
    await this.#work.arm()
    return this.describe()
  }
}
