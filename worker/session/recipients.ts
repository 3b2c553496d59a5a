import type { ContactCheck } from '../../schema/api/contact.ts'
import { timing } from './timing.ts'

/**
 * What WhatsApp has said of the numbers that were written to, so that each is asked about once: the address to write to,
 * which may hold another form of the number, for as long as the log is kept; that nobody is there, for minutes.
 */
export class Recipients {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** The address to write to; null when nobody is there, undefined when WhatsApp has to be asked. */
  find(to: string, now: number): string | null | undefined {
    const number = readNumber(to)
    if (number === null) return to
    type Row = { jid: string | null; asked_at: number }
    const row = this.#sql
      .exec<Row>('SELECT jid, asked_at FROM recipients WHERE number = ?', number)
      .toArray()[0]
    const isStale = row?.jid === null && row.asked_at <= now - timing.absentMs
    return row && !isStale ? row.jid : undefined
  }

  learn(checks: readonly ContactCheck[], now: number): void {
    for (const { number, jid } of checks)
      this.#sql.exec(
        'INSERT OR REPLACE INTO recipients (number, jid, asked_at) VALUES (?, ?, ?)',
        number,
        jid,
        now,
      )
  }

  prune(before: number): void {
    this.#sql.exec('DELETE FROM recipients WHERE asked_at < ?', before)
  }
}

/** The number of a person’s address; null for groups and LIDs, of whom WhatsApp is not asked. */
export function readNumber(to: string): string | null {
  return /^(\d{6,15})@s\.whatsapp\.net$/.exec(to)?.[1] ?? null
}
