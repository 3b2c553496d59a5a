import type { Receiving } from '../schema/api/receiving.ts'
import type { EventDraft } from '../schema/event/event.ts'
import type { LinkCommand, SendCommand } from '../schema/command.ts'
import type { ContactNews, EventEntry, KeyEntry, SessionRef, SessionReport } from '../schema/link.ts'
import { isJidGroup } from './baileys.ts'
import type { AuthenticationCreds, BinaryNode, WAMessage, WASocket } from './baileys.ts'
import type { Cipher } from './cipher.ts'
import type { Config } from './config.ts'
import { Account, ownAddresses } from './account.ts'
import { learnPairs } from './address-book.ts'
import { makeContactReports, readContacts, readNotice } from './contact-news.ts'
import { EventMaker, type AwaitedMessage } from './event-maker.ts'
import { GroupCache } from './group-cache.ts'
import { HistoryImport } from './history.ts'
import { Inbox } from './inbox.ts'
import type { IntakeBudget } from './intake-budget.ts'
import { queueInOrder } from './message-order.ts'
import type { Link } from './link.ts'
import type { Log } from './log.ts'
import { Outbox, type CommandReport } from './outbox.ts'
import { openFile } from './outgoing-file.ts'
import { PeerMessages } from './peer-messages.ts'
import { Polls } from './polls.ts'
import { PresenceSubscriptions } from './presence-subscriptions.ts'
import { answerQuestion } from './questions.ts'
import { readCommandStatus } from './receipt-event.ts'
import { wrapRepository } from './repository.ts'
import { sendOutgoing } from './send.ts'
import { SentMessages } from './sent-messages.ts'
import { SessionFiles } from './session-files.ts'
import { SessionStore } from './store.ts'
import { readUnencrypted } from './unread.ts'
import { WhatsAppConnection, type WhatsAppHandlers } from './whatsapp.ts'

type ContentCommand = Exclude<LinkCommand, { kind: 'pairingCode' }>

export interface SessionContentOptions {
  ref: SessionRef
  config: Config
  budget: IntakeBudget
  log: Log
  link: Link
  cipher: Cipher
  keys: KeyEntry[]
  receiving: Receiving
  recent: { idEvent: string; proof: string }[]
  files: { idFile: string; source: string }[]
  report(report: SessionReport): void
}

const awaitedType = 'awaited-message'
/** Messages that the phone is asked for at once after a new connection. */
const maxAskedAgain = 100

/**
 * What a session holds under one epoch of its link: keys, what has been seen, what is to be sent, which files are on their
 * way. A new epoch begins with a new one.
 */
export class SessionContent {
  readonly store: SessionStore
  readonly account: Account
  readonly outbox: Outbox
  #options: SessionContentOptions
  /** What the tenant wants besides the messages of chats. */
  #receiving: Receiving
  #inbox: Inbox
  #events: EventMaker
  #files: SessionFiles
  #peers: PeerMessages
  #history: HistoryImport
  #sent: SentMessages
  #presences: PresenceSubscriptions
  #groups = new GroupCache()
  #accountName: string | undefined
  #connection: WhatsAppConnection | undefined

  constructor(options: SessionContentOptions) {
    this.#options = options
    this.#receiving = options.receiving
    const { link, cipher, log } = options
    this.store = new SessionStore({
      keys: options.keys,
      cipher,
      backend: link,
      onEvents: (entries) => this.#committed(entries),
    })
    // With keys that do not open nothing may be begun: it would give up files whose source does not open either.
    this.account = new Account(this.store.loadCreds())
    const me = () => this.account.creds
    this.#sent = new SentMessages(this.store)
    this.#presences = new PresenceSubscriptions(this.store)
    this.#inbox = new Inbox(options.recent)
    this.#peers = new PeerMessages({ store: this.store, me, log })
    this.#events = new EventMaker({
      idSession: options.ref.idSession,
      inbox: this.#inbox,
      me,
      phoneOf: (lid) => this.#phoneOf(lid),
      polls: new Polls(this.store),
      lidOf: (phone) => this.store.lidOf(phone),
      receiving: () => this.#receiving,
      seal: (idFile, source) => this.#files.seal(idFile, source),
      record: (entry) => this.#recordEvent(entry),
      keepAwaited: (name, message) => this.store.set(awaitedType, { [name]: message }),
      wantsPresence: (chat) => this.#presences.has(chat),
      fileSent: (idMessage) => this.outbox.fileOf(idMessage),
      log,
    })
    this.#history = new HistoryImport({
      toEvent: (message) => this.#events.fromHistory(message),
      record: (entry) => link.record({ events: [entry] }),
      uncommittedBytes: () => link.uncommittedBytes,
      log,
    })
    this.outbox = new Outbox({
      send: (command) => this.#send(command),
      report: (report) => this.#reportCommand(report),
      refuseCancel: (idCommand) => options.report({ report: 'cancelRefused', idCommand }),
      log,
    })
    this.#files = new SessionFiles({
      config: options.config,
      cipher,
      durability: link,
      log,
      urlOf: (idFile) => this.#fileUrl(idFile),
      socket: () => this.#connection?.socket,
      report: options.report,
    })
    for (const name of this.store.idsOf(awaitedType)) {
      this.#events.awaitAgain(name, this.store.get(awaitedType, name) as AwaitedMessage)
    }
    this.#files.fetch(options.files)
  }

  /** The link goes on after a break. */
  resume({ files, receiving }: Pick<SessionContentOptions, 'files' | 'receiving'>): void {
    this.settle(receiving)
    this.#files.fetch(files)
  }

  /** The tenant has chosen anew what is taken in. */
  settle(receiving: Receiving): void {
    this.#receiving = receiving
  }

  /** More has become durable: files whose event is there may be fetched. */
  acked(): void {
    this.store.acked()
    this.#history.acked()
    this.#files.acked()
  }

  connect(handlers: Pick<WhatsAppHandlers, 'qr' | 'opened' | 'closed' | 'heldTooLong'>): WhatsAppConnection {
    const creds = this.account.open()
    const { config, budget, link, log } = this.#options
    const view = this.store.open()
    this.#peers.begin()
    this.#inbox.undecrypted.clear()
    const connection = new WhatsAppConnection({
      store: this.store,
      view,
      creds,
      durability: link,
      undecrypted: this.#inbox.undecrypted,
      limits: config,
      budget,
      whatsApp: config.whatsApp,
      log,
      getMessage: (id) => this.#sent.find(id),
      groupMetadata: (jid) => this.#groups.get(jid),
      makeRepository: wrapRepository({
        inbox: this.#inbox,
        view,
        me: () => ownAddresses(creds),
        toEvent: (message, proof, isMalformed) => this.#events.fromMessage(message, proof, { isMalformed }),
        peers: this.#peers,
        undecryptable: (message) => this.#events.take('messages.upsert', { messages: [message] }),
      }),
      handlers: {
        ...handlers,
        opened: () => {
          handlers.opened()
          void this.#peers.resume(connection.socket)
          this.#askForAwaited(connection.socket)
          for (const chat of this.#presences.chats)
            void connection.socket.presenceSubscribe(chat).catch(() => {})
        },
        stanza: (node) => {
          queueInOrder(node)
          this.#takeStanza(node)
        },
        event: (name, data) => {
          this.#takeEvent(name, data)
          const isHistory = name === 'messaging-history.set' && this.#receiving.history
          if (isHistory) void this.#importHistory(connection.socket, data as { messages: WAMessage[] })
          else this.#peers.take(connection.socket, name, data)
        },
      },
    })
    this.#connection = connection
    return connection
  }

  /** Carries a message out in its turn, answers a question at once. */
  command(idCommand: string, command: ContentCommand, expiresAt: number | undefined): void {
    if (command.kind === 'sendMessage') return this.outbox.take(idCommand, command, expiresAt)
    if (command.kind === 'fetchFile') return this.#fetchAgain(idCommand, command)
    const socket = this.outbox.isOpen ? this.#connection?.socket : undefined
    const authorIn = async (chat: string, jid: string) => {
      if (socket !== undefined) await this.#knowGroup(socket, chat)
      return this.#groups.addressIn(chat, jid)
    }
    const answering = answerQuestion(idCommand, command, {
      socket,
      phoneOf: (lid) => this.#phoneOf(lid),
      openFile: (idFile) => this.#openFile(idFile),
      authorIn,
    })
    void answering.then((report) => {
      if (command.kind === 'subscribePresence' && report.outcome === 'done') this.#presences.add(command.to)
      this.#options.report(report)
    })
  }

  /** What comes of it is the file, or a report of its own. */
  #fetchAgain(idCommand: string, file: { idFile: string; source: string }): void {
    const { report } = this.#options
    if (!this.outbox.isOpen) {
      const errorText = 'The session is not connected to WhatsApp at the moment. Try again soon.'
      return report({ report: 'command', idCommand, outcome: 'failed', errorCode: 'notConnected', errorText })
    }
    report({ report: 'command', idCommand, outcome: 'done' })
    this.#files.fetch([file])
  }

  /** Forgets the account, here and in the Worker. */
  eraseAll(): void {
    this.account.forget()
    this.#options.link.record(this.store.eraseAll())
  }

  close(): void {
    this.#history.close()
    this.#files.close()
    this.#events.close()
    this.outbox.closed()
    this.#connection = undefined
  }

  #takeStanza(node: BinaryNode): void {
    const { creds } = this.account
    const notice = readNotice(node)
    this.#groups.learn(notice)
    this.#takeContacts(notice)
    this.#inbox.see(node)
    this.#events.takeStanza(node)
    const unencrypted = creds && readUnencrypted(node, ownAddresses(creds))
    if (unencrypted) this.#events.take('messages.upsert', { messages: [unencrypted] })
    const { id, class: kind, error } = node.attrs
    if (node.tag === 'ack' && kind === 'message' && id) this.outbox.acknowledged(id, error)
  }

  #takeEvent(name: string, data: unknown): void {
    this.#groups.take(name, data)
    this.#events.take(name, data)
    this.#takeContacts(readContacts(name, data))
    if (name === 'creds.update') this.#takeName((data as Partial<AuthenticationCreds>).me?.name)
  }

  /** Right after linking the phone tells the account's name; `~` is what stands there while a pairing code is awaited. */
  #takeName(accountName: string | undefined): void {
    if (!accountName || accountName === '~' || accountName === this.#accountName) return
    this.#accountName = accountName
    this.#options.report({ report: 'accountName', accountName })
  }

  /** A request of an earlier connection is forgotten with it: the phone, which can read them, is asked again. */
  #askForAwaited(socket: WASocket): void {
    for (const message of this.#events.awaited.slice(0, maxAskedAgain)) {
      void socket.requestPlaceholderResend(message.key, { ...message }).catch(() => {})
    }
  }

  /** What the phone shared is kept until all of it is on its way into the log. */
  async #importHistory(socket: WASocket, chunk: { messages: WAMessage[] }): Promise<void> {
    const isThrough = await this.#history.take(chunk.messages)
    if (isThrough) this.#peers.take(socket, 'messaging-history.set', chunk)
  }

  /** Pairs of addresses reach the Session by way of the store, names from here. */
  #takeContacts(contacts: ContactNews[]): void {
    const socket = this.#connection?.socket
    const { log, link } = this.#options
    if (socket !== undefined) void learnPairs(contacts, { socket, store: this.store, log })
    const named = contacts.filter(({ name, savedName }) => name !== undefined || savedName !== undefined)
    for (const report of makeContactReports(named)) link.record({ reports: [report] })
  }

  #recordEvent(entry: EventEntry): void {
    this.#options.link.record({ events: [entry] })
    this.#committed([entry])
  }

  #committed(entries: EventEntry[]): void {
    for (const { event, proof, source } of entries) {
      const { idEvent, idFile } = event as EventDraft & { idFile?: string }
      this.#inbox.remember({ idEvent, proof })
      const media = source === undefined || idFile === undefined ? undefined : this.#events.takeSource(idFile)
      if (media !== undefined && idFile !== undefined) this.#files.fetchWhenDurable(idFile, media)
    }
  }

  #reportCommand(report: CommandReport): void {
    const command = this.outbox.find(report.idCommand)
    const { idSession } = this.#options.ref
    const status =
      command === undefined ? undefined : readCommandStatus(report, command, idSession, Date.now())
    const event = status === undefined || this.#inbox.isKnown(status.idEvent) ? [] : [{ event: status }]
    this.#options.link.record({ reports: [report], ...(event.length > 0 && { events: event }) })
    this.#committed(event)
  }

  #openFile(idFile: string): ReturnType<typeof openFile> {
    return openFile(this.#fileUrl(idFile), this.#options.config.connectorToken)
  }

  #phoneOf(lid: string): string | undefined {
    return this.store.phoneOf(lid) ?? this.#groups.phoneOf(lid)
  }

  async #send(command: SendCommand): Promise<void> {
    const socket = this.#connection?.socket
    if (socket === undefined) throw new Error('WhatsApp is not connected')
    await this.#knowGroup(socket, command.message.to)
    const sent = await sendOutgoing(command, {
      socket,
      openFile: (idFile) => this.#openFile(idFile),
      authorIn: (chat, jid) => this.#groups.addressIn(chat, jid),
    })
    // At once: Baileys, when it is busy, tells of it after a recipient has asked for it again.
    if (sent !== undefined) this.#sent.keep(command.idMessage, sent)
  }

  async #knowGroup(socket: WASocket, jid: string): Promise<void> {
    if (!isJidGroup(jid) || this.#groups.get(jid) !== undefined) return
    const metadata = await socket.groupMetadata(jid)
    this.#groups.put(metadata)
    this.#takeContacts(readContacts('groups.upsert', [metadata]))
  }

  #fileUrl(idFile: string): string {
    const { config, ref } = this.#options
    return `${config.workerUrl}/link/sessions/${ref.idObject}/files/${idFile}`
  }
}
