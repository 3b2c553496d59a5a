import { addCounts, type Counts } from '../counts.ts'

/** What the whole installation has counted since it was made, as one row. */
export class CountBook {
  readonly #sql: SqlStorage
  #counts: Counts = {}

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    const row = this.#sql.exec<{ counts: string }>('SELECT counts FROM counts').toArray()[0]
    this.#counts = row ? (JSON.parse(row.counts) as Counts) : {}
  }

  get counts(): Counts {
    return this.#counts
  }

  add(more: Counts): void {
    if (Object.keys(more).length === 0) return
    addCounts(this.#counts, more)
    this.#sql.exec('INSERT OR REPLACE INTO counts (id, counts) VALUES (1, ?)', JSON.stringify(this.#counts))
  }
}
