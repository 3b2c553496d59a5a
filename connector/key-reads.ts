import type { KeyEntry } from '../schema/link.ts'

interface Read {
  frame: string
  resolve(entries: KeyEntry[]): void
  reject(error: Error): void
}

/** Requests for keys that were not preloaded. They outlive a broken socket: the next one sends them again. */
export class KeyReads {
  #reads = new Map<number, Read>()
  #last = 0

  /** The frames of what is not answered yet. */
  get frames(): string[] {
    return [...this.#reads.values()].map(({ frame }) => frame)
  }

  /** A new request: its frame, and what comes of it. */
  begin(keyType: string, ids: string[]): { frame: string; entries: Promise<KeyEntry[]> } {
    this.#last += 1
    const request = this.#last
    const frame = JSON.stringify({ type: 'readKeys', request, keyType, ids })
    const { promise: entries, resolve, reject } = Promise.withResolvers<KeyEntry[]>()
    this.#reads.set(request, { frame, resolve, reject })
    return { frame, entries }
  }

  answer(request: number, entries: KeyEntry[]): void {
    this.#reads.get(request)?.resolve(entries)
    this.#reads.delete(request)
  }

  /** Nobody will answer what is still asked. */
  reject(reason: string): void {
    for (const { reject } of this.#reads.values()) reject(new Error(reason))
    this.#reads.clear()
  }
}
