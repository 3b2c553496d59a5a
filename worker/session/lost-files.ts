/**
 * Files whose events went without them: where each is to be had, encrypted by the connector, in case somebody asks for it
 * again. Kept as long as the log; beyond `maxLostFiles` the oldest is forgotten. Looked for by a scan, which costs less
 * than an index would: few are ever asked for.
 */
export const maxLostFiles = 10_000

const statements = {
  add: 'INSERT INTO lost_files (id_file, source, error, at) VALUES (?, ?, ?, ?)',
  find: 'SELECT source, error FROM lost_files WHERE id_file = ?',
  note: 'UPDATE lost_files SET error = ? WHERE id_file = ?',
  remove: 'DELETE FROM lost_files WHERE id_file = ?',
  span: 'SELECT coalesce(min(position), 0) AS first, coalesce(max(position), -1) AS last FROM lost_files',
  removeOldest: 'DELETE FROM lost_files WHERE position <= ?',
  expired: 'SELECT position, at FROM lost_files ORDER BY position LIMIT ?',
} as const

export interface LostFile {
  source: string
  /** Why it could not be had when it was last tried. */
  error: string
}

export class LostFiles {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  add(idFile: string, file: LostFile, now: number): void {
    if (this.find(idFile) !== null) return this.note(idFile, file.error)
    this.#sql.exec(statements.add, idFile, file.source, file.error, now)
    const { first, last } = this.#sql.exec<{ first: number; last: number }>(statements.span).one()
    if (last - first >= maxLostFiles) this.#sql.exec(statements.removeOldest, last - maxLostFiles)
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
  }

  prune(before: number, rows: number): void {
    type Row = { position: number; at: number }
    const expired = this.#sql
      .exec<Row>(statements.expired, rows)
      .toArray()
      .filter(({ at }) => at < before)
    const last = expired.at(-1)
    if (last) this.#sql.exec(statements.removeOldest, last.position)
  }
}
