import type { WAMessage, WASocket } from './baileys.ts'
import type { AwaitedMessage } from './event-maker.ts'
import type { SessionStore } from './store.ts'

const type = 'awaited-message'
/** Messages that the phone is asked for at once after a new connection. */
const maxAskedAgain = 100

/** Messages whose content is still to come, kept with the account's keys: whoever runs the session next waits on. */
export class AwaitedMessages {
  #store: SessionStore

  constructor(store: SessionStore) {
    this.#store = store
  }

  get all(): { name: string; message: AwaitedMessage }[] {
    const messageOf = (name: string) => this.#store.get(type, name) as AwaitedMessage
    return this.#store.idsOf(type).map((name) => ({ name, message: messageOf(name) }))
  }

  /** @param message null when it is awaited no longer. */
  keep(name: string, message: AwaitedMessage | null): void {
    this.#store.set(type, { [name]: message })
  }
}

/** A request of an earlier connection is forgotten with it: the phone, which can read them, is asked again. */
export function askAgain(socket: WASocket, messages: readonly WAMessage[]): void {
  for (const message of messages.slice(0, maxAskedAgain)) {
    void socket.requestPlaceholderResend(message.key, { ...message }).catch(() => {})
  }
}
