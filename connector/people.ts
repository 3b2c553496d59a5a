import type { ContactNews, SessionReport } from '../schema/link.ts'
import { learnPairs } from './address-book.ts'
import { isJidGroup } from './baileys.ts'
import type { AuthenticationCreds, BinaryNode, WASocket } from './baileys.ts'
import { makeContactReports, readContacts, readNotice } from './contact-news.ts'
import { GroupCache } from './group-cache.ts'
import type { Log } from './log.ts'
import type { SessionStore } from './store.ts'

interface PeopleOptions {
  store: SessionStore
  /** The connection to WhatsApp, when there is one. */
  socket(): WASocket | undefined
  report(report: SessionReport): void
  log: Log
}

/**
 * Who is who for a session: other addresses and names, as stanzas, events and groups tell them. Pairs of addresses reach the
 * Session by way of the store, names from here.
 */
export class People {
  readonly groups = new GroupCache()
  #options: PeopleOptions
  #accountName: string | undefined

  constructor(options: PeopleOptions) {
    this.#options = options
  }

  phoneOf(lid: string): string | undefined {
    return this.#options.store.phoneOf(lid) ?? this.groups.phoneOf(lid)
  }

  takeStanza(node: BinaryNode): void {
    const notice = readNotice(node)
    this.groups.learn(notice)
    this.#take(notice)
  }

  takeEvent(name: string, data: unknown): void {
    this.groups.take(name, data)
    this.#take(readContacts(name, data))
    if (name === 'creds.update') this.#takeName((data as Partial<AuthenticationCreds>).me?.name)
  }

  /** Asks who is in a group, unless that is known. */
  async knowGroup(socket: WASocket, jid: string): Promise<void> {
    if (!isJidGroup(jid) || this.groups.get(jid) !== undefined) return
    const metadata = await socket.groupMetadata(jid)
    this.groups.put(metadata)
    this.#take(readContacts('groups.upsert', [metadata]))
  }

  #take(contacts: ContactNews[]): void {
    const { store, log, report } = this.#options
    const socket = this.#options.socket()
    if (socket !== undefined) void learnPairs(contacts, { socket, store, log })
    const named = contacts.filter(({ name, savedName }) => name !== undefined || savedName !== undefined)
    for (const each of makeContactReports(named)) report(each)
  }

  /** Right after linking the phone tells the account's name; `~` is what stands there while a pairing code is awaited. */
  #takeName(accountName: string | undefined): void {
    if (!accountName || accountName === '~' || accountName === this.#accountName) return
    this.#accountName = accountName
    this.#options.report({ report: 'accountName', accountName })
  }
}
