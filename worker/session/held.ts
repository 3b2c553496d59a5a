import type { EventDraft } from '../../schema/event/event.ts'
import { takeReleasable } from './held-queue.ts'

/**
 * Events that wait for a file, and those behind them in the same chat. Bounded by the deadline of each file and by
 * `maxHeld`; beyond it the oldest file is given up.
 */
export const maxHeld = 5000

export interface HeldFile {
  idFile: string
  idEvent: string
  source: string
}

export interface Released {
  draft: EventDraft
  proof: string
}

interface Waiting {
  position: number
  chat: string
  deadlineAt: number
}

type QueueRow = { position: number; id_event: string; waits: number; proof: string; draft: string }

const statements = {
  load: 'SELECT position, chat, id_event, id_file, deadline_at FROM held ORDER BY position',
  hold: `INSERT INTO held (position, chat, id_event, id_file, source, deadline_at, proof, draft)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  chat: `SELECT position, id_event, source IS NOT NULL AS waits, proof, draft FROM held
    WHERE chat = ?1 AND position > ?2 ORDER BY position LIMIT 100`,
  one: 'SELECT draft FROM held WHERE position = ?',
  source: 'SELECT source FROM held WHERE position = ?',
  ready: 'UPDATE held SET source = NULL, deadline_at = NULL, id_file = NULL, draft = ?2 WHERE position = ?1',
  remove: 'DELETE FROM held WHERE position IN (SELECT value FROM json_each(?))',
  proofs: `SELECT id_event AS idEvent, proof FROM held WHERE proof <> '' ORDER BY position`,
  files: `SELECT id_file AS idFile, id_event AS idEvent, source FROM held
    WHERE source IS NOT NULL ORDER BY position`,
} as const

export class HeldEvents {
  readonly #sql: SqlStorage
  readonly #chats = new Map<string, number>()
  readonly #idEvents = new Set<string>()
  readonly #files = new Map<string, Waiting>()
  #position = 0

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    this.#chats.clear()
    this.#idEvents.clear()
    this.#files.clear()
    this.#position = 0
    type Row = {
      position: number
      chat: string
      id_event: string
      id_file: string | null
      deadline_at: number | null
    }
    for (const row of this.#sql.exec<Row>(statements.load)) {
      this.#add(row.position, row.chat, row.id_event, row.id_file, row.deadline_at)
    }
  }

  get size(): number {
    return this.#idEvents.size
  }

  has(idEvent: string): boolean {
    return this.#idEvents.has(idEvent)
  }

  /** Whether events of this chat must wait. */
  blocks(chat: string): boolean {
    return this.#chats.has(chat)
  }

  /** Keeps an event back: for its own file, or (without `file`) behind its chat. */
  hold(
    draft: EventDraft,
    chat: string,
    proof: string,
    file: { idFile: string; source: string; deadlineAt: number } | null,
  ): void {
    const position = this.#position + 1
    const { idEvent } = draft
    this.#sql.exec(
      statements.hold,
      position,
      chat,
      idEvent,
      file?.idFile ?? null,
      file?.source ?? null,
      file?.deadlineAt ?? null,
      proof,
      JSON.stringify(draft),
    )
    this.#add(position, chat, idEvent, file?.idFile ?? null, file?.deadlineAt ?? null)
  }

  /**
   * Ends the wait for a file; `finish` completes its event.
   * @returns what may go to the log now, in order; null when nothing waits for this file.
   */
  settle(idFile: string, finish: (draft: EventDraft) => EventDraft): Released[] | null {
    const waiting = this.#files.get(idFile)
    if (!waiting) return null
    this.#files.delete(idFile)
    const own = waiting.position
    const free = takeReleasable(this.#queue(waiting.chat), own)
    if (free.length === 0) {
      const row = this.#sql.exec<{ draft: string }>(statements.one, own).toArray()[0]
      if (row)
        this.#sql.exec(statements.ready, own, JSON.stringify(finish(JSON.parse(row.draft) as EventDraft)))
      return []
    }
    this.#sql.exec(statements.remove, JSON.stringify(free.map((row) => row.position)))
    for (const row of free) this.#idEvents.delete(row.id_event)
    const left = (this.#chats.get(waiting.chat) ?? 0) - free.length
    if (left > 0) this.#chats.set(waiting.chat, left)
    else this.#chats.delete(waiting.chat)
    return free.map((row) => {
      const draft = JSON.parse(row.draft) as EventDraft
      return { draft: row.position === own ? finish(draft) : draft, proof: row.proof }
    })
  }

  /** Files that are still awaited, oldest first, in slices of about so many characters. */
  *fileSlices(maxCharacters: number): Generator<HeldFile[]> {
    let slice: HeldFile[] = []
    let characters = 0
    for (const file of this.#sql.exec<{ idFile: string; idEvent: string; source: string }>(
      statements.files,
    )) {
      if (slice.length > 0 && characters + file.source.length > maxCharacters) {
        yield slice
        slice = []
        characters = 0
      }
      slice.push(file)
      characters += file.source.length
    }
    if (slice.length > 0) yield slice
  }

  /** Hashes of the ciphertexts of what is held, by which a redelivered one is known. */
  proofs(): { idEvent: string; proof: string }[] {
    return this.#sql.exec<{ idEvent: string; proof: string }>(statements.proofs).toArray()
  }

  /** Where an awaited file is to be had; null when it is not awaited. */
  sourceOf(idFile: string): string | null {
    const waiting = this.#files.get(idFile)
    if (!waiting) return null
    return this.#sql.exec<{ source: string | null }>(statements.source, waiting.position).one().source
  }

  isAwaited(idFile: string): boolean {
    return this.#files.has(idFile)
  }

  /** Files whose time is up, oldest first, and those that are too many. */
  overdue(now: number): string[] {
    const overdue: string[] = []
    let surplus = this.size - maxHeld
    for (const [idFile, { deadlineAt }] of this.#files) {
      if (deadlineAt <= now || surplus > 0) {
        overdue.push(idFile)
        surplus--
      }
    }
    return overdue
  }

  /** Every file that is awaited. */
  awaited(): string[] {
    return [...this.#files.keys()]
  }

  /** When the next file is given up; null when none is awaited. */
  nextDeadline(): number | null {
    let next: number | null = null
    for (const { deadlineAt } of this.#files.values())
      if (next === null || deadlineAt < next) next = deadlineAt
    return next
  }

  *#queue(chat: string): Generator<QueueRow> {
    let rows: QueueRow[] = []
    do {
      rows = this.#sql.exec<QueueRow>(statements.chat, chat, rows.at(-1)?.position ?? 0).toArray()
      yield* rows
    } while (rows.length > 0)
  }

  #add(
    position: number,
    chat: string,
    idEvent: string,
    idFile: string | null,
    deadlineAt: number | null,
  ): void {
    this.#position = Math.max(this.#position, position)
    this.#chats.set(chat, (this.#chats.get(chat) ?? 0) + 1)
    this.#idEvents.add(idEvent)
    if (idFile !== null && deadlineAt !== null) this.#files.set(idFile, { position, chat, deadlineAt })
  }
}
