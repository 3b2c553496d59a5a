import { proto } from './baileys.ts'
import type { SessionStore } from './store.ts'

const type = 'sent-message'
const maxKept = 200

/**
 * The last messages that the account sent through the API, kept with its keys: a recipient who could not decrypt one asks
 * for it again, possibly after this connector is gone.
 */
export class SentMessages {
  #store: SessionStore
  #ids: string[]

  constructor(store: SessionStore) {
    this.#store = store
    const kept = store.idsOf(type).map((id) => ({ id, at: (store.get(type, id) as { at: number }).at }))
    this.#ids = kept.sort((left, right) => left.at - right.at).map(({ id }) => id)
  }

  keep(id: string, message: proto.IMessage): void {
    if (this.#store.get(type, id) !== undefined) return
    const bytes = Buffer.from(proto.Message.encode(message).finish()).toString('base64')
    const changes: Record<string, unknown> = { [id]: { at: Date.now(), bytes } }
    this.#ids.push(id)
    if (this.#ids.length > maxKept) changes[this.#ids.shift()!] = null
    this.#store.set(type, changes)
  }

  find(id: string): proto.IMessage | undefined {
    const kept = this.#store.get(type, id) as { bytes: string } | undefined
    return kept === undefined ? undefined : proto.Message.decode(Buffer.from(kept.bytes, 'base64'))
  }
}
