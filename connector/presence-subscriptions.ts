import { maxPresenceSubscriptions } from '../schema/api/sign.ts'
import type { SessionStore } from './store.ts'

const type = 'presence-subscription'

/**
 * The chats whose presence was asked for. WhatsApp forgets them with each connection: they are kept with the account's
 * keys and asked for again at the next. Beyond `maxPresenceSubscriptions` the oldest is forgotten.
 */
export class PresenceSubscriptions {
  #store: SessionStore

  constructor(store: SessionStore) {
    this.#store = store
  }

  /** From the oldest to the newest. */
  get chats(): string[] {
    return (this.#store.get(type, '') as string[] | undefined) ?? []
  }

  add(chat: string): void {
    const { chats } = this
    if (chats.at(-1) === chat) return
    const newest = [...chats.filter((known) => known !== chat), chat].slice(-maxPresenceSubscriptions)
    this.#store.set(type, { '': newest })
  }

  /** Whether a chat was asked for, under this or the same person's other address. */
  has(chat: string): boolean {
    const addresses = [chat, this.#store.phoneOf(chat), this.#store.lidOf(chat)]
    return this.chats.some((asked) => addresses.includes(asked))
  }
}
