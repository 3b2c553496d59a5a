import type { Receiving } from '../schema/api/receiving.ts'
import type { EventDraft } from '../schema/event/event.ts'
import type { EventEntry, KeyEntry, SessionRef, SessionReport } from '../schema/link.ts'
import type { BinaryNode, WAMessage, WASocket } from './baileys.ts'
import type { Cipher } from './cipher.ts'
import type { Config } from './config.ts'
import { Account, ownAddresses } from './account.ts'
import { askAgain, AwaitedMessages } from './awaited-messages.ts'
import { EventMaker } from './event-maker.ts'
import { HistoryImport } from './history.ts'
import { Inbox } from './inbox.ts'
import type { IntakeBudget } from './intake-budget.ts'
import { queueInOrder } from './message-order.ts'
import type { Link } from './link.ts'
import type { Log } from './log.ts'
import { PeerMessages } from './peer-messages.ts'
import { People } from './people.ts'
import { Polls } from './polls.ts'
import { PresenceSubscriptions } from './presence-subscriptions.ts'
import { wrapRepository } from './repository.ts'
import { SentMessages } from './sent-messages.ts'
import { SessionCommands } from './session-commands.ts'
import { SessionFiles } from './session-files.ts'
import { SessionStore } from './store.ts'
import { readUnencrypted } from './unread.ts'
import { WhatsAppConnection, type WhatsAppHandlers } from './whatsapp.ts'

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

/**
 * What a session holds under one epoch of its link: keys, what has been seen, what is to be sent, which files are on their
 * way. A new epoch begins with a new one.
 */
export class SessionContent {
  readonly store: SessionStore
  readonly account: Account
  readonly commands: SessionCommands
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
  #people: People
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
    const socket = () => this.#connection?.socket
    this.#people = new People({ store: this.store, socket, report: options.report, log })
    const awaited = new AwaitedMessages(this.store)
    this.#events = new EventMaker({
      idSession: options.ref.idSession,
      inbox: this.#inbox,
      me,
      phoneOf: (lid) => this.#people.phoneOf(lid),
      polls: new Polls(this.store),
      lidOf: (phone) => this.store.lidOf(phone),
      receiving: () => this.#receiving,
      seal: (idFile, source) => this.#files.seal(idFile, source),
      record: (entry) => this.#recordEvent(entry),
      keepAwaited: (name, message) => awaited.keep(name, message),
      wantsPresence: (chat) => this.#presences.has(chat),
      fileSent: (idMessage) => this.commands.outbox.fileOf(idMessage),
      log,
    })
    this.#history = new HistoryImport({
      toEvent: (message) => this.#events.fromHistory(message),
      record: (entry) => link.record({ events: [entry] }),
      uncommittedBytes: () => link.uncommittedBytes,
      log,
    })
    this.#files = new SessionFiles({
      ref: options.ref,
      config: options.config,
      cipher,
      durability: link,
      log,
      socket,
      report: options.report,
    })
    this.commands = new SessionCommands({
      idSession: options.ref.idSession,
      people: this.#people,
      presences: this.#presences,
      sent: this.#sent,
      files: this.#files,
      socket,
      isKnown: (idEvent) => this.#inbox.isKnown(idEvent),
      record: (report, events) => {
        link.record({ reports: [report], ...(events.length > 0 && { events }) })
        this.#committed(events)
      },
      report: options.report,
      log,
    })
    for (const { name, message } of awaited.all) this.#events.awaitAgain(name, message)
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
      groupMetadata: (jid) => this.#people.groups.get(jid),
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
          askAgain(connection.socket, this.#events.awaited)
          for (const chat of this.#presences.chats)
            void connection.socket.presenceSubscribe(chat).catch(() => {})
        },
        stanza: (node) => {
          queueInOrder(node)
          this.#takeStanza(node)
        },
        event: (name, data) => {
          this.#people.takeEvent(name, data)
          this.#events.take(name, data)
          const isHistory = name === 'messaging-history.set' && this.#receiving.history
          if (isHistory) void this.#importHistory(connection.socket, data as { messages: WAMessage[] })
          else this.#peers.take(connection.socket, name, data)
        },
      },
    })
    this.#connection = connection
    return connection
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
    this.commands.outbox.closed()
    this.#connection = undefined
  }

  #takeStanza(node: BinaryNode): void {
    const { creds } = this.account
    this.#people.takeStanza(node)
    this.#inbox.see(node)
    this.#events.takeStanza(node)
    const unencrypted = creds && readUnencrypted(node, ownAddresses(creds))
    if (unencrypted) this.#events.take('messages.upsert', { messages: [unencrypted] })
    const { id, class: kind, error } = node.attrs
    if (node.tag === 'ack' && kind === 'message' && id) this.commands.outbox.acknowledged(id, error)
  }

  /** What the phone shared is kept until all of it is on its way into the log. */
  async #importHistory(socket: WASocket, chunk: { messages: WAMessage[] }): Promise<void> {
    const isThrough = await this.#history.take(chunk.messages)
    if (isThrough) this.#peers.take(socket, 'messaging-history.set', chunk)
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
}
