import { proto } from './baileys.ts'
import type { AuthenticationCreds, WAMessage, WASocket } from './baileys.ts'
import type { Log } from './log.ts'
import { fromOwnPhone } from './normalize/protocol.ts'
import type { SessionStore } from './store.ts'

/** Under this type the store keeps what the phone told this client alone and is not dealt with yet, by its proof. */
export const peerType = 'peer-message'

interface Kept {
  /** The message, as a `WebMessageInfo`. */
  bytes: Buffer
  tries: number
}

/** At so many logins it is tried: what nobody can read is not to come back for ever. */
const maxTries = 10
/** Larger ones would not fit into a key of the link (`maxKeyCharacters`); the phone sends those as files. */
const maxKeptBytes = 800_000

/**
 * What the account's own phone tells this client: the key of the application state, history, answers to requests.
 *
 * Baileys gives the receipt first and deals with it afterwards, over a while. So it is kept in the change in which it is
 * decrypted, and goes when Baileys is through with it; what a connector before this one left behind is dealt with
 * once the account is logged in. A message may be dealt with twice: each of these is the same the second time.
 */
export class PeerMessages {
  #store: SessionStore
  #me: () => AuthenticationCreds | undefined
  #log: Log
  /** Proofs of what is under way on the present connection, by the id of the message. */
  #live = new Map<string, string>()
  #history = new Set<string>()
  /** History that Baileys is through with, and its import is not: its message by the name of the chunk. */
  #importing = new Map<string, { proof: string; message: WAMessage }>()

  constructor(options: { store: SessionStore; me(): AuthenticationCreds | undefined; log: Log }) {
    this.#store = options.store
    this.#me = options.me
    this.#log = options.log
  }

  /** A connection begins; what was under way on the one before is left to `resume`. */
  begin(): void {
    this.#live.clear()
    this.#history.clear()
    this.#importing.clear()
  }

  /** What is to be stored together with the decryption of this message; undefined when it is of another kind. */
  keep(message: WAMessage, proof: string): Record<string, Record<string, Kept>> | undefined {
    const { key } = message
    if (!key.fromMe || !key.id || !fromOwnPhone.has(message.message?.protocolMessage?.type)) return undefined
    const bytes = Buffer.from(proto.WebMessageInfo.encode(proto.WebMessageInfo.fromObject(message)).finish())
    if (bytes.length > maxKeptBytes) {
      this.#log.warn({ bytes: bytes.length }, 'too large to be kept until it is dealt with')
      return undefined
    }
    this.#live.set(key.id, proof)
    return { [peerType]: { [proof]: { bytes, tries: 1 } } }
  }

  isKept(proof: string): boolean {
    return this.#store.get(peerType, proof) !== undefined
  }

  /** Reads Baileys' events: finds out when it is through with what is kept. */
  take(socket: WASocket, name: string, data: unknown): void {
    if (name === 'messaging-history.set') this.#takeChunk(data as Chunk)
    if (name !== 'messages.upsert') return
    for (const message of (data as { messages: WAMessage[] }).messages) {
      const proof = this.#live.get(message.key.id ?? '')
      if (proof === undefined || !message.message?.protocolMessage) continue
      this.#live.delete(message.key.id!)
      // Baileys holds this mutex until it is through with the message.
      void socket.messageMutex.mutex(async () => this.#forgetIfDone(proof, message))
    }
  }

  /** Deals with what was left behind, by this connector or one before it. */
  async resume(socket: WASocket): Promise<void> {
    const live = new Set(this.#live.values())
    for (const proof of this.#store.idsOf(peerType).filter((each) => !live.has(each))) {
      const kept = this.#store.get(peerType, proof) as Kept | undefined
      if (kept === undefined) continue
      if (kept.tries >= maxTries) {
        this.#log.error({ tries: kept.tries }, 'what the phone shared cannot be dealt with: given up')
        this.#store.set(peerType, { [proof]: null })
        continue
      }
      this.#store.set(peerType, { [proof]: { ...kept, tries: kept.tries + 1 } })
      await this.#again(socket, proof, proto.WebMessageInfo.decode(kept.bytes) as WAMessage)
    }
  }

  async #again(socket: WASocket, proof: string, message: WAMessage): Promise<void> {
    try {
      await socket.upsertMessage(message, 'append')
      this.#forgetIfDone(proof, message)
    } catch (error) {
      this.#log.warn({ error: (error as Error).message }, 'what the phone shared is left for the next login')
    }
  }

  #forgetIfDone(proof: string, message: WAMessage): void {
    if (this.#isDone(message)) return this.#store.set(peerType, { [proof]: null })
    const { historySyncNotification } = message.message?.protocolMessage ?? {}
    if (historySyncNotification) this.#importing.set(nameOfChunk(historySyncNotification), { proof, message })
  }

  #takeChunk(chunk: Chunk): void {
    const name = nameOfChunk(chunk)
    this.#history.add(name)
    const left = this.#importing.get(name)
    this.#importing.delete(name)
    if (left !== undefined) this.#forgetIfDone(left.proof, left.message)
  }

  /** Baileys swallows what goes wrong, so what it should have left behind is looked for. */
  #isDone({ key, message }: WAMessage): boolean {
    const { historySyncNotification, appStateSyncKeyShare } = message?.protocolMessage ?? {}
    if (historySyncNotification) {
      const taken = this.#me()?.processedHistoryMessages ?? []
      const isWanted = taken.some((each) => each.key.id === key.id)
      return !isWanted || this.#history.has(nameOfChunk(historySyncNotification))
    }
    return (appStateSyncKeyShare?.keys ?? []).every(({ keyId }) => {
      const name = Buffer.from(keyId?.keyId ?? []).toString('base64')
      return this.#store.get('app-state-sync-key', name) !== undefined
    })
  }
}

interface Chunk {
  syncType?: number | null
  chunkOrder?: number | null
}

function nameOfChunk({ syncType, chunkOrder }: Chunk): string {
  return `${syncType ?? 0}/${chunkOrder ?? 0}`
}
