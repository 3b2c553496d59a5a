import type { EventEntry } from '../schema/link.ts'
import type { WAMessage } from './baileys.ts'
import type { Log } from './log.ts'
import { toCount } from './normalize/value.ts'

interface HistoryImportOptions {
  /** The event of a message of the history; null when it tells nothing, or was told already. */
  toEvent(message: WAMessage): EventEntry | null
  record(entry: EventEntry): void
  /** What the Session has not acknowledged yet. */
  uncommittedBytes(): number
  log: Log
}

/** History waits while more than this is on its way, so live messages find the link free. */
const maxUncommittedBytes = 256 * 1024

/**
 * Brings the history that the phone shares into the log: one chunk after another; within a chunk chat by chat, each by
 * time. What is on its way to the Session at once is bounded, whatever the size of a chunk.
 */
export class HistoryImport {
  #options: HistoryImportOptions
  #queue: Promise<void> = Promise.resolve()
  #resume: (() => void) | undefined
  #isClosed = false

  constructor(options: HistoryImportOptions) {
    this.#options = options
  }

  /** Resolves with true when everything of the chunk has been recorded; false when the import ended before. */
  take(messages: readonly WAMessage[]): Promise<boolean> {
    const importing = this.#queue.then(() => this.#import(inOrder(messages)))
    this.#queue = importing.then(() => undefined)
    return importing
  }

  /** The Session has acknowledged something. */
  acked(): void {
    this.#resume?.()
  }

  close(): void {
    this.#isClosed = true
    this.#resume?.()
  }

  async #import(messages: Iterable<WAMessage>): Promise<boolean> {
    for (const message of messages) {
      while (!this.#isClosed && this.#options.uncommittedBytes() > maxUncommittedBytes) await this.#room()
      if (this.#isClosed) return false
      const entry = this.#tryEvent(message)
      if (entry !== null) this.#options.record(entry)
    }
    return true
  }

  /** One message that breaks whatever reads it does not keep the others back. */
  #tryEvent(message: WAMessage): EventEntry | null {
    try {
      return this.#options.toEvent(message)
    } catch (error) {
      this.#options.log.error({ idMessage: message.key.id, error: (error as Error).message }, 'no event made')
      return null
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => (this.#resume = resolve))
  }
}

function* inOrder(messages: readonly WAMessage[]): Generator<WAMessage> {
  const chats = Map.groupBy(
    messages.filter((message) => message?.key),
    ({ key }) => key.remoteJid ?? '',
  )
  const timeOf = ({ messageTimestamp }: WAMessage) => toCount(messageTimestamp) ?? 0
  for (const chat of chats.values()) yield* chat.toSorted((left, right) => timeOf(left) - timeOf(right))
}
