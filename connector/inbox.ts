import { createHash } from 'node:crypto'
import { decodeMessageNode, proto, unpadRandomMax16 } from './baileys.ts'
import type { BinaryNode, WAMessage } from './baileys.ts'
import { BoundedSet } from './bounded-set.ts'
import { Undecrypted } from './undecrypted.ts'

/** A message's stanza, as it was seen before Baileys took it. */
export interface SeenStanza {
  node: BinaryNode
  /** Names the stanza by its ciphertexts: the same again is a redelivery, a resend after a retry has another. */
  proof: string
}

const maxRemembered = 20_000

/** Plaintext of an empty message: nothing, and one byte of padding. */
export const emptyPlaintext = Buffer.from([1])

/**
 * Knows which stanza a ciphertext belongs to, and which stanzas and events have been committed already.
 *
 * A redelivered stanza is answered with an empty message: Baileys gives its receipt, and the ratchet, which has no key for
 * it any more, is left alone. Its event was committed together with the ratchet's step, so nothing is missed.
 */
export class Inbox {
  readonly undecrypted = new Undecrypted()
  #stanzas = new WeakMap<Uint8Array, SeenStanza>()
  #proofs = new BoundedSet(maxRemembered)
  #idEvents = new BoundedSet(maxRemembered)
  #handled = new BoundedSet(maxRemembered)

  constructor(recent: { idEvent: string; proof: string }[]) {
    for (const { idEvent, proof } of recent) {
      this.#idEvents.add(idEvent)
      if (proof !== '') this.#proofs.add(proof)
    }
  }

  /** To be called with each stanza before Baileys handles it. */
  see(node: BinaryNode): void {
    if (node.tag !== 'message' || !Array.isArray(node.content)) return
    const parts = node.content.filter(({ tag, content }) => tag === 'enc' && content instanceof Uint8Array)
    if (parts.length === 0) return
    const ciphertexts = parts.map(({ content }) => content as Uint8Array)
    const hash = createHash('sha256')
    for (const ciphertext of ciphertexts) hash.update(ciphertext)
    const stanza = { node, proof: hash.digest('base64url') }
    for (const ciphertext of ciphertexts) this.#stanzas.set(ciphertext, stanza)
    this.undecrypted.add(stanza, ciphertexts)
  }

  stanzaOf(ciphertext: Uint8Array): SeenStanza | undefined {
    return this.#stanzas.get(ciphertext)
  }

  isRedelivered({ proof }: SeenStanza): boolean {
    return this.#proofs.has(proof)
  }

  isKnown(idEvent: string): boolean {
    return this.#idEvents.has(idEvent)
  }

  /** Remembers what has gone into a commit. */
  remember({ idEvent, proof }: { idEvent: string; proof?: string | undefined }): void {
    this.#idEvents.add(idEvent)
    if (proof !== undefined) this.#proofs.add(proof)
  }

  /** This message has been dealt with where it was decrypted; Baileys' own event of it tells nothing new. */
  markHandled(key: WAMessage['key']): void {
    this.#handled.add(nameOf(key))
  }

  wasHandled(key: WAMessage['key']): boolean {
    return this.#handled.has(nameOf(key))
  }
}

function nameOf({ remoteJid, id }: WAMessage['key']): string {
  const chat = remoteJid ?? ''
  const end = chat.search(/[:@]/)
  return `${id}|${end < 0 ? chat : chat.slice(0, end)}`
}

/** The message as Baileys would emit it, from its stanza and the plaintext of one part. */
export function readMessage(
  node: BinaryNode,
  plaintext: Uint8Array,
  me: { id: string; lid: string },
): { message: WAMessage; author: string } {
  const { fullMessage, author } = decodeMessageNode(node, me.id, me.lid)
  const decoded = proto.Message.decode(unpadRandomMax16(plaintext))
  const own = decoded.deviceSentMessage?.message
  // The secret of a poll from the account's own phone stands beside the copy, not in it.
  if (own && decoded.messageContextInfo) own.messageContextInfo ??= decoded.messageContextInfo
  fullMessage.message = own ?? decoded
  return { message: fullMessage, author }
}
