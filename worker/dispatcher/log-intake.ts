import type { Breaker } from './breaker.ts'
import type { Ledger } from './ledger.ts'
import type { Replayer } from './replayer.ts'
import type { LogSlice, Stream } from './stream.ts'

const sliceEntries = 200
const sliceBytes = 2 * 1024 * 1024
const firstRetryMs = 1000
const maxRetryMs = 60_000

export interface LogIntakeParts {
  stream: Stream
  breaker: Breaker
  replayer: Replayer
  ledger: Ledger
  /** Whether anything may be sent. */
  isActive: () => boolean
  readLog: (options: { after: number; limit: number; maxBytes: number }) => Promise<LogSlice>
  now: () => number
  failed: (error: unknown) => void
}

/** Reads the session's log ahead of need: for what is live, and behind it for a replay. One read at a time. */
export class LogIntake {
  /** After a failure, nothing is read before this time. */
  retryAt = 0
  isReading = false
  /** Whether the newest sequence is known, or the log is to be asked. */
  isHeadKnown = false
  readonly #parts: LogIntakeParts
  #failures = 0

  constructor(parts: LogIntakeParts) {
    this.#parts = parts
  }

  /** Begins to read what is wanted next, if anything is; `done` is called when it is there, or has failed. */
  advance(done: () => void): void {
    const { stream, breaker, replayer, ledger, isActive, now } = this.#parts
    if (this.isReading || !isActive() || this.retryAt > now()) return
    if (!breaker.isClosed && stream.waiting.size > 0) return
    const read =
      stream.nextRead() ?? (this.isHeadKnown ? null : { after: stream.cursor, purpose: 'log' as const })
    const replayAfter = read || stream.waiting.size > 0 ? null : replayer.nextRead()
    const after = read?.after ?? replayAfter
    if (replayer.isThrough) ledger.touch(now())
    if (after === null) return
    this.isReading = true
    const take = (slice: LogSlice) =>
      read ? stream.take(read.purpose, after, slice) : replayer.take(after, slice)
    void this.#readSlice(after, take).finally(done)
  }

  /** The body of one event; null when the log has forgotten it. @throws when the log cannot be read now. */
  async readOne(sequence: number): Promise<string | null> {
    if (this.retryAt > this.#parts.now()) throw new Error('The log cannot be read now.')
    try {
      const slice = await this.#parts.readLog({ after: sequence - 1, limit: 1, maxBytes: sliceBytes })
      const [entry] = slice.entries
      return entry?.sequence === sequence ? entry.body : null
    } catch (error) {
      this.#delay()
      throw error
    }
  }

  async #readSlice(after: number, take: (slice: LogSlice) => void): Promise<void> {
    const { readLog, failed, ledger, now } = this.#parts
    try {
      const slice = await readLog({ after, limit: sliceEntries, maxBytes: sliceBytes })
      this.isHeadKnown = true
      this.#failures = 0
      take(slice)
      ledger.touch(now())
    } catch (error) {
      this.#delay()
      failed(error)
    } finally {
      this.isReading = false
    }
  }

  #delay(): void {
    this.retryAt = this.#parts.now() + Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs)
    this.#failures++
  }
}
