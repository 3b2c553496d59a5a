import { proto } from './baileys.ts'
import { RecentEntries } from './recent-entries.ts'
import type { SessionStore } from './store.ts'

const maxKept = 200

/**
 * The last messages that the account sent through the API, kept with its keys: a recipient who could not decrypt one asks
 * for it again, possibly after this connector is gone.
 */
export class SentMessages {
  #entries: RecentEntries<{ bytes: string }>

  constructor(store: SessionStore) {
    this.#entries = new RecentEntries(store, 'sent-message', maxKept)
  }

  keep(id: string, message: proto.IMessage): void {
    if (this.#entries.get(id) !== undefined) return
    this.#entries.add(id, { bytes: Buffer.from(proto.Message.encode(message).finish()).toString('base64') })
  }

  find(id: string): proto.IMessage | undefined {
    const kept = this.#entries.get(id)
    return kept === undefined ? undefined : proto.Message.decode(Buffer.from(kept.bytes, 'base64'))
  }
}
