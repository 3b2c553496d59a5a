import type { SeenStanza } from './inbox.ts'

/** What a stanza takes in memory beside its ciphertexts, about. */
const stanzaBytes = 512
/** A stanza that Baileys does not decrypt, whatever the reason, counts no longer than this. */
const maxWaitMs = 10_000

/** Messages that have been received and are not decrypted yet: how much of them waits in memory. */
export class Undecrypted {
  /** How many have been settled so far. */
  settled = 0
  /** Called when one more is. */
  onSettled: () => void = () => {}
  readonly #waiting = new Map<SeenStanza, { bytes: number; since: number }>()
  #bytes = 0

  /** Bytes of all that waits. */
  get bytes(): number {
    const now = Date.now()
    for (const [stanza, { since }] of this.#waiting) {
      if (now - since < maxWaitMs) break
      this.#forget(stanza)
    }
    return this.#bytes
  }

  add(stanza: SeenStanza, ciphertexts: readonly Uint8Array[]): void {
    const bytes = ciphertexts.reduce((sum, { byteLength }) => sum + byteLength, stanzaBytes)
    this.#waiting.set(stanza, { bytes, since: Date.now() })
    this.#bytes += bytes
  }

  /** It is decrypted, or cannot be. */
  settle(stanza: SeenStanza): void {
    if (!this.#forget(stanza)) return
    this.settled += 1
    this.onSettled()
  }

  /** The connection that brought them has ended. */
  clear(): void {
    this.#waiting.clear()
    this.#bytes = 0
  }

  #forget(stanza: SeenStanza): boolean {
    this.#bytes -= this.#waiting.get(stanza)?.bytes ?? 0
    return this.#waiting.delete(stanza)
  }
}
