/**
 * How much all sessions of this process together may have in memory of what came from WhatsApp: not decrypted, not stored,
 * or not confirmed yet.
 *
 * Above `maxBytes` a session is not read that has more than its share, which is `maxBytes` divided by the connections
 * there are; so one session's heap does not silence those that have little. Together they have at most twice `maxBytes`,
 * and what each connection brings at once. One at a time is excused, whose decrypting stands still because what it waits
 * for may lie behind what is not read.
 */
export class IntakeBudget {
  #maxBytes: number
  #bytes = new Map<object, number>()
  #totalBytes = 0
  #excused: object | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Of all sessions together. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Takes down how much a connection's session has, and answers whether more may be read. */
  mayRead(reader: object, bytes: number): boolean {
    this.#totalBytes += bytes - (this.#bytes.get(reader) ?? 0)
    this.#bytes.set(reader, bytes)
    const isOver = this.#totalBytes > this.#maxBytes && bytes > this.#maxBytes / this.#bytes.size
    if (!isOver && this.#excused === reader) this.#excused = undefined
    return !isOver || this.#excused === reader
  }

  /** Lets it read on although there is too much, unless another one does. */
  excuse(reader: object): void {
    this.#excused ??= reader
  }

  /** Its connection has ended. */
  leave(reader: object): void {
    this.#totalBytes -= this.#bytes.get(reader) ?? 0
    this.#bytes.delete(reader)
    if (this.#excused === reader) this.#excused = undefined
  }
}
