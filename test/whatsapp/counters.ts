import { type BinaryNode, proto } from 'baileys'
import { bytesOf, child, children } from './node.ts'

const maxSeen = 300_000

/**
 * Watches what clients send: a counter that a message was encrypted with is never used for another message, neither of a
 * ratchet nor of a sender key. Whoever has both would learn something of both, and the recipient cannot read the second.
 */
export class Counters {
  /** Ids of messages whose counter had been used for another ciphertext. */
  readonly reused: string[] = []
  count = 0
  readonly #seen = new Map<string, string>()

  /** Takes all ciphertexts of a message as a client of `author` sent it. */
  take(message: BinaryNode, author: string): void {
    const holders = [message, ...children(child(message, 'participants'), 'to')]
    for (const holder of holders)
      for (const enc of children(holder, 'enc')) this.#take(enc, author, message.attrs['id'] ?? '')
  }

  #take(enc: BinaryNode, author: string, id: string): void {
    const bytes = bytesOf(enc)
    const name = nameOf(enc.attrs['type'] ?? '', bytes)
    if (name === undefined) return
    this.count += 1
    const key = `${author} ${name}`
    const ciphertext = bytes.subarray(-32).toString('base64')
    const before = this.#seen.get(key)
    if (before !== undefined && before !== ciphertext) this.reused.push(id)
    this.#seen.set(key, ciphertext)
    if (this.#seen.size > maxSeen)
      for (const old of [...this.#seen.keys()].slice(0, maxSeen / 2)) this.#seen.delete(old)
  }
}

/** The chain and the counter of a ciphertext; both kinds begin with a version and end with what authenticates them. */
function nameOf(type: string, bytes: Buffer): string | undefined {
  if (type === 'skmsg') {
    const { id, iteration } = proto.SenderKeyMessage.decode(bytes.subarray(1, -64))
    return `sender ${id} ${iteration}`
  }
  if (type !== 'msg' && type !== 'pkmsg') return undefined
  const inner =
    type === 'msg' ? bytes : Buffer.from(proto.PreKeySignalMessage.decode(bytes.subarray(1)).message ?? [])
  const { ratchetKey, counter } = proto.SignalMessage.decode(inner.subarray(1, -8))
  return `ratchet ${Buffer.from(ratchetKey ?? []).toString('base64')} ${counter}`
}
