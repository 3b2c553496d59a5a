/**
 * Files whose events went without them: where each is to be had, encrypted by the connector, in case somebody asks for it
 * again. Those older than the retention are forgotten once in each retention; beyond `maxLostFiles` the oldest tenth is
 * forgotten at once, so that no file costs a scan of its own.
 */
export const maxLostFiles = 10_000

const statements = {
  count: 'SELECT count(*) AS count FROM lost_files',
  add: 'INSERT OR REPLACE INTO lost_files (id_file, source, error, at) VALUES (?, ?, ?, ?)',
  find: 'SELECT source, error FROM lost_files WHERE id_file = ?',
  note: 'UPDATE lost_files SET error = ? WHERE id_file = ?',
  remove: 'DELETE FROM lost_files WHERE id_file = ?',
  removeOldest: `DELETE FROM lost_files
    WHERE id_file IN (SELECT id_file FROM lost_files ORDER BY at LIMIT ${maxLostFiles / 10})`,
  prune: 'DELETE FROM lost_files WHERE at < ?',
} as const

export interface LostFile {
  source: string
  /** Why it could not be had when it was last tried. */
  error: string
}

export class LostFiles {
  readonly #sql: SqlStorage
  /** Counted when it is first needed: few sessions ever come near the limit. */
  #count: number | null = null

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    this.#count = null
  }

  add(idFile: string, { source, error }: LostFile, now: number): void {
    if (this.find(idFile) !== null) return this.note(idFile, error)
    this.#count ??= this.#sql.exec<{ count: number }>(statements.count).one().count
    if (this.#count >= maxLostFiles) {
      this.#sql.exec(statements.removeOldest)
      this.#count -= maxLostFiles / 10
    }
    this.#sql.exec(statements.add, idFile, source, error, now)
    this.#count += 1
  }

  find(idFile: string): LostFile | null {
    return this.#sql.exec<{ source: string; error: string }>(statements.find, idFile).toArray()[0] ?? null
  }

  /** Another try has failed. */
  note(idFile: string, error: string): void {
    this.#sql.exec(statements.note, error, idFile)
  }

  /** The file is there after all. */
  remove(idFile: string): void {
    this.#sql.exec(statements.remove, idFile)
    this.#count = null
  }

  prune(before: number): void {
    this.#sql.exec(statements.prune, before)
    this.#count = null
  }
}
