import type { SeenStanza } from './inbox.ts'

/** What a stanza takes in memory beside its ciphertexts, about. */
const stanzaBytes = 512

/**
 * Messages that have been received and are not decrypted yet: how much of them waits in memory. They are decrypted in the
 * order in which they came, so one that Baileys leaves out, whatever the reason, counts until a later one is decrypted.
 */
export class Undecrypted {
  /** How many have been settled so far. */
  settled = 0
  /** Called when one more is. */
  onSettled: () => void = () => {}
  readonly #waiting = new Map<SeenStanza, number>()
  #bytes = 0

  /** Bytes of all that waits. */
  get bytes(): number {
    return this.#bytes
  }

  add(stanza: SeenStanza, ciphertexts: readonly Uint8Array[]): void {
    const bytes = ciphertexts.reduce((sum, { byteLength }) => sum + byteLength, stanzaBytes)
    this.#waiting.set(stanza, bytes)
    this.#bytes += bytes
  }

  /** It is decrypted, or cannot be. */
  settle(stanza: SeenStanza): void {
    if (!this.#waiting.has(stanza)) return
    for (const [waiting, bytes] of this.#waiting) {
      this.#waiting.delete(waiting)
      this.#bytes -= bytes
      if (waiting === stanza) break
    }
    this.settled += 1
    this.onSettled()
  }

  /** The connection that brought them has ended. */
  clear(): void {
    this.#waiting.clear()
    this.#bytes = 0
  }
}
