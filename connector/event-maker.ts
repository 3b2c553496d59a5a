import type { Receiving } from '../schema/api/receiving.ts'
import type { EventDraft } from '../schema/event/event.ts'
import type { EventEntry } from '../schema/link.ts'
import { WAMessageStubType } from './baileys.ts'
import type { AuthenticationCreds, BinaryNode, WAMessage } from './baileys.ts'
import { readCalls } from './call-event.ts'
import { nameInHistory, withoutFetching } from './history-message.ts'
import type { Inbox } from './inbox.ts'
import type { Log } from './log.ts'
import type { MediaSource } from './media-source.ts'
import { idEventOf } from './normalize/identity.ts'
import { hasContent, normalizeMessage } from './normalize/normalize.ts'
import { normalizePresence, type WirePresence } from './normalize/presence.ts'
import type { NormalizeContext } from './normalize/wire-message.ts'
import type { Polls } from './polls.ts'
import { readGroupReceipts, readStatusUpdates } from './receipt-event.ts'
import { ownLid, ownNumber } from './account.ts'

export interface EventMakerOptions {
  idSession: string
  inbox: Inbox
  me(): AuthenticationCreds | undefined
  phoneOf(lid: string): string | undefined
  lidOf(phone: string): string | undefined
  receiving(): Receiving
  polls: Polls
  /** Encrypts where a file is to be had. */
  seal(idFile: string, source: MediaSource): string
  /** Keeps, with the account's keys, that a message's content is awaited; `null` forgets it. */
  keepAwaited(name: string, message: AwaitedMessage | null): void
  /** Whether somebody asked to be told the presence in this chat. */
  wantsPresence(chat: string): boolean
  /** The file of the tenant that a message sent through the API carries. */
  fileSent(idMessage: string): string | undefined
  /** Takes an event into a change of its own. */
  record(entry: EventEntry): void
  log: Log
}

/** What is kept of a message whose content is awaited, over a restart of the connector. */
export type AwaitedMessage = Pick<WAMessage, 'key' | 'pushName' | 'messageStubType'> & {
  messageTimestamp: number
}

/** How long the content of a message that could not be decrypted is waited for before it is told without. */
const giveUpMs = 60_000
const maxAwaited = 1000

/**
 * Makes events of what WhatsApp delivers. Messages come first from where they are decrypted (`fromMessage`), and a second
 * time as Baileys' own events (`take`), which also carry what was never encrypted. The same occurrence has the same
 * `idEvent` both times and is told once.
 */
export class EventMaker {
  #options: EventMakerOptions
  #sources = new Map<string, MediaSource>()
  #awaited = new Map<string, { timer: NodeJS.Timeout; message: WAMessage }>()

  constructor(options: EventMakerOptions) {
    this.#options = options
  }

  /** The event of a message, or null when it tells nothing new. */
  fromMessage(
    message: WAMessage,
    proof: string | undefined,
    known: Pick<NormalizeContext, 'isGivenUp' | 'isMalformed'> = {},
  ): EventEntry | null {
    const { idSession, inbox, seal } = this.#options
    const normalized = normalizeMessage(message, { ...this.#context(), ...known })
    if (normalized !== null) this.#keepPoll(message, normalized.draft)
    if (normalized === null || inbox.isKnown(normalized.draft.idEvent)) return null
    // Its content was told before.
    if (isUndecrypted(message) && inbox.isKnown(idEventOf(message.key, idSession))) return null
    const { draft, media } = normalized
    const entry: EventEntry = { event: draft, ...(proof !== undefined && { proof }) }
    if (media === undefined || !('idFile' in draft)) return entry
    // Where the account's own file comes from, it need not come from again.
    const idFile = message.key.fromMe ? this.#options.fileSent(message.key.id ?? '') : undefined
    if (idFile !== undefined) return { ...entry, event: { ...draft, idFile, fileStatus: 'stored' } }
    this.#sources.set(draft.idFile, media)
    return { ...entry, source: seal(draft.idFile, media) }
  }

  /** The event of a message of the history, whose file is fetched only when somebody asks for it; null when it tells nothing new. */
  fromHistory(wire: WAMessage): EventEntry | null {
    const { idSession, inbox, lidOf, phoneOf, seal } = this.#options
    const { message, aliases } = nameInHistory(wire, { lidOf, phoneOf })
    const normalized = normalizeMessage(message, { ...this.#context(), isHistory: true })
    if (normalized === null || !('isHistory' in normalized.draft)) return null
    const { draft, media } = normalized
    this.#keepPoll(message, draft)
    const ids = [draft.idEvent, ...aliases.map((key) => idEventOf(key, idSession))]
    if (ids.some((idEvent) => inbox.isKnown(idEvent))) return null
    // The same message may still arrive live, under its author's other address.
    if (isRecent(message)) for (const idEvent of ids) inbox.remember({ idEvent })
    if (media === undefined || !('idFile' in draft)) return { event: draft }
    return { event: withoutFetching(draft), source: seal(draft.idFile, media) }
  }

  /** Where the file of an event that was just recorded is to be had. */
  takeSource(idFile: string): MediaSource | undefined {
    const source = this.#sources.get(idFile)
    this.#sources.delete(idFile)
    return source
  }

  /** Reads Baileys' events. */
  take(name: string, data: unknown): void {
    const context = this.#receiptContext()
    switch (name) {
      case 'messages.upsert':
        for (const message of (data as { messages: WAMessage[] }).messages) this.#takeMessage(message)
        return
      case 'messages.update':
        return this.#recordAll(readStatusUpdates(data as never, context))
      case 'presence.update':
        return this.#takePresence(data as WirePresence)
      case 'call':
        return this.#recordAll(readCalls(data as never, context))
      default:
        return
    }
  }

  /** Reads a stanza before Baileys does. */
  takeStanza(node: BinaryNode): void {
    if (node.tag === 'receipt') this.#recordAll(readGroupReceipts(node, this.#receiptContext()))
  }

  close(): void {
    for (const { timer } of this.#awaited.values()) clearTimeout(timer)
    this.#awaited.clear()
  }

  #context(): NormalizeContext {
    const { idSession, me, phoneOf, polls, receiving } = this.#options
    const creds = me()
    return {
      idSession,
      ownNumber: creds && ownNumber(creds),
      ownLid: creds && ownLid(creds),
      phoneOf,
      ...receiving(),
      openVote: (...vote) => polls.open(...vote),
    }
  }

  /** Before its event: whoever votes has seen the poll. */
  #keepPoll({ key, message }: WAMessage, draft: EventDraft): void {
    if (draft.messageType !== 'pollCreationMessage' || !message) return
    const { ownNumber: number, ownLid: lid } = this.#context()
    const author = draft.isFromMe ? [number, lid] : [draft.participant ?? draft.senderNumber, draft.lid]
    const creators = author.filter((jid) => jid !== undefined)
    this.#options.polls.keep(key.id ?? '', message, draft.options, creators)
  }

  #receiptContext() {
    const { idSession, phoneOf, me } = this.#options
    const creds = me()
    const own = new Set(creds && [ownNumber(creds), ownLid(creds)])
    return { idSession, phoneOf, isOwn: (jid: string) => own.has(jid), now: Date.now }
  }

  #takePresence(presence: WirePresence): void {
    if (!this.#options.wantsPresence(presence.id)) return
    this.#recordAll(normalizePresence(presence, this.#context(), Date.now()))
  }

  #takeMessage(message: WAMessage): void {
    const name = `${message.key.remoteJid}|${message.key.id}`
    const isHandled = this.#options.inbox.wasHandled(message.key)
    if (isHandled || (message.message && !isUndecrypted(message))) this.#forget(name)
    if (isHandled) return
    const entry = this.#tryMessage(message, false)
    if (entry !== null) this.#options.record(entry)
    else if (isUndecrypted(message)) this.#await(name, message)
  }

  #await(name: string, message: WAMessage): void {
    if (this.#awaited.has(name) || this.#awaited.size >= maxAwaited) return
    const { key, pushName, messageStubType, messageTimestamp } = message
    this.#options.keepAwaited(name, {
      key,
      ...(pushName && { pushName }),
      messageStubType: messageStubType ?? null,
      messageTimestamp: Number(messageTimestamp ?? 0),
    })
    this.#giveUpLater(name, message)
  }

  /** The messages whose content has not come yet, the oldest first. */
  get awaited(): WAMessage[] {
    return [...this.#awaited.values()].map(({ message }) => message)
  }

  /** Awaits on what a connector before this one awaited. */
  awaitAgain(name: string, message: AwaitedMessage): void {
    if (!this.#awaited.has(name)) this.#giveUpLater(name, message)
  }

  #giveUpLater(name: string, message: WAMessage): void {
    const timer = setTimeout(() => {
      const entry = this.#tryMessage(message, true)
      if (entry !== null) this.#options.record(entry)
      this.#forget(name)
    }, giveUpMs)
    this.#awaited.set(name, { timer, message })
  }

  #forget(name: string): void {
    const awaited = this.#awaited.get(name)
    if (awaited === undefined) return
    clearTimeout(awaited.timer)
    this.#awaited.delete(name)
    this.#options.keepAwaited(name, null)
  }

  #tryMessage(message: WAMessage, isGivenUp: boolean): EventEntry | null {
    try {
      return this.fromMessage(message, undefined, { isGivenUp })
    } catch (error) {
      this.#options.log.error({ idMessage: message.key.id, error: (error as Error).message }, 'no event made')
      return null
    }
  }

  #recordAll(drafts: EventDraft[]): void {
    for (const draft of drafts) {
      if (!this.#options.inbox.isKnown(draft.idEvent)) this.#options.record({ event: draft })
    }
  }
}

function isRecent({ messageTimestamp }: WAMessage): boolean {
  return Number(messageTimestamp ?? 0) * 1000 > Date.now() - 86_400_000
}

/** Of a group's message the key for it may have been read, and the message itself not. */
function isUndecrypted({ message, messageStubType }: WAMessage): boolean {
  return messageStubType === WAMessageStubType.CIPHERTEXT && !hasContent(message)
}
