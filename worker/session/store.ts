import { migrate } from '../migrate.ts'
import { beginChange, type Change } from './change.ts'
import { Commands } from './commands.ts'
import { SessionContacts } from './contacts.ts'
import { EventIndex } from './event-index.ts'
import { writeLine, type LogEntry } from './event-line.ts'
import { HeldEvents } from './held.ts'
import { LostFiles } from './lost-files.ts'
import { EventLog } from './log.ts'
import { sessionMigrations } from './migrations.ts'
import { Pace } from './pace.ts'
import { Recipients } from './recipients.ts'
import { readRecord, writeRecord, type SessionRecord } from './record.ts'
import { SessionSubscriptions } from './subscriptions.ts'

/**
 * Everything that a session stores, changed only inside `change`: whole or not at all. When a change throws, memory is
 * read again from storage, so the two never differ.
 */
export class SessionStore {
  readonly sql: SqlStorage
  readonly log: EventLog
  readonly index: EventIndex
  readonly held: HeldEvents
  readonly commands: Commands
  readonly pace: Pace
  readonly recipients: Recipients
  readonly contacts: SessionContacts
  readonly lostFiles: LostFiles
  readonly subscriptions: SessionSubscriptions
  record: SessionRecord | null = null
  readonly #storage: DurableObjectStorage
  #written = ''

  constructor(storage: DurableObjectStorage, retentionMs: number) {
    this.#storage = storage
    this.sql = storage.sql
    this.log = new EventLog(this.sql, retentionMs)
    this.index = new EventIndex(this.sql, this.log)
    this.held = new HeldEvents(this.sql)
    this.commands = new Commands(this.sql)
    this.pace = new Pace(this.sql)
    this.recipients = new Recipients(this.sql)
    this.contacts = new SessionContacts(this.sql)
    this.lostFiles = new LostFiles(this.sql)
    this.subscriptions = new SessionSubscriptions(this.sql)
  }

  /** Reads what is kept in memory. An object that holds no session is left empty: it may be an erased one. */
  open(): void {
    const isMade = this.sql.exec(`SELECT 1 FROM sqlite_master WHERE name = 'session'`).toArray().length > 0
    if (!isMade) return
    migrate(this.#storage, sessionMigrations)
    this.#load()
  }

  /**
   * Applies one change atomically.
   * @returns what `apply` returned, and the events that the log gained.
   */
  change<Outcome>(
    now: number,
    apply: (change: Change, record: SessionRecord) => Outcome,
  ): { outcome: Outcome; entries: LogEntry[] } & Pick<Change, 'finished' | 'answers'> {
    const { record } = this
    if (!record) throw new Error('This session object was never configured.')
    const change = beginChange(now, this.log.n)
    try {
      return this.#storage.transactionSync(() => {
        const outcome = apply(change, record)
        const entries = this.#append(change)
        const text = JSON.stringify(record)
        if (text !== this.#written) {
          writeRecord(this.sql, record)
          this.#written = text
        }
        return { outcome, entries, finished: change.finished, answers: change.answers }
      })
    } catch (cause) {
      this.#load()
      throw cause
    }
  }

  /** Gives a new object its first record. */
  create(record: SessionRecord): void {
    migrate(this.#storage, sessionMigrations)
    writeRecord(this.sql, record)
    this.#load()
  }

  /** All was erased from storage. */
  forget(): void {
    this.record = null
    this.log.forget()
    this.index.unload()
  }

  #append(change: Change): LogEntry[] {
    const entries: LogEntry[] = []
    const proofs: string[] = []
    for (const { draft, proof } of change.drafts) {
      if (this.index.find(draft.idEvent) !== null) continue
      const sequence = this.log.head + entries.length + 1
      entries.push({ sequence, body: writeLine(draft, sequence) })
      proofs.push(proof)
    }
    this.log.append(
      entries.map((entry) => entry.body),
      proofs,
      change.n,
      change.now,
    )
    if (entries.length > 0) this.index.add(entries, change.now)
    return entries
  }

  #load(): void {
    this.record = readRecord(this.sql)
    this.#written = this.record ? JSON.stringify(this.record) : ''
    this.log.load()
    this.index.unload()
    this.held.load()
    this.commands.load()
    this.pace.load()
    this.contacts.load()
    this.lostFiles.load()
    this.subscriptions.load()
  }
}
