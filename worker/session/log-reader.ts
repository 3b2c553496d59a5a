import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { LogEntry } from './event-line.ts'
import { listInvalid, type InvalidEvent } from './invalid.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import type { Waiters } from './waiters.ts'

type Gone = 'sessionNotFound'

export type EventPage = Result<{ lines: string[]; nextAfter: number; hasMore: boolean }, Gone>
export type EventFound = Result<{ line: string }, Gone | 'eventNotFound'>
export type InvalidPage = Result<{ events: InvalidEvent[] }, Gone>
/** `oldest`: the first sequence still kept. */
export type LogSlice = { entries: LogEntry[]; head: number; oldest: number }

interface LogReaderParts {
  store: SessionStore
  waiters: Waiters
  living: () => SessionRecord | Failure<Gone>
}

/** The log as tenants and Dispatchers read it. Dispatchers may read until the session is erased. */
export class LogReader {
  readonly #parts: LogReaderParts

  constructor(parts: LogReaderParts) {
    this.#parts = parts
  }

  list(options: { after: number; limit: number; types?: string[] | undefined }): EventPage {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const { log } = this.#parts.store
    const types = options.types ? new Set(options.types) : null
    const { lines, nextAfter } = log.list(options.after, options.limit, types)
    return succeed({ lines, nextAfter, hasMore: nextAfter < log.head })
  }

  find(idEvent: string): EventFound {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const { log, index } = this.#parts.store
    const sequence = index.find(idEvent)
    const line = sequence === null ? null : log.line(sequence)
    if (line !== null) return succeed({ line })
    return fail('eventNotFound', `The session has no event ${idEvent}, or its retention is over.`)
  }

  async wait({ after, waitSeconds }: { after: number; waitSeconds: number }): Promise<{ head: number }> {
    const { store, waiters } = this.#parts
    if (store.log.head <= after) await waiters.wait('log', waitSeconds * 1000)
    return { head: store.log.head }
  }

  slice(options: { after: number; limit: number; maxBytes: number }): LogSlice {
    const { log, record } = this.#parts.store
    if (!record) return { entries: [], head: 0, oldest: 1 }
    const entries = log.read(options.after, options.limit, options.maxBytes)
    return { entries, head: log.head, oldest: log.oldest() }
  }

  listInvalid(options: { after: number; limit: number }): InvalidPage {
    const record = this.#parts.living()
    if ('ok' in record) return record
    return succeed({ events: listInvalid(this.#parts.store.sql, options.after, options.limit) })
  }
}
