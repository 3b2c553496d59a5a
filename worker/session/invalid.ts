/** Events that failed the schema: never delivered, never dropped; kept with the reason for one retention period. */
export interface InvalidEvent {
  position: number
  at: number
  reason: string
  /** JSON as it came, cut when very long. */
  event: string
}

const maxKeptCharacters = 256 * 1024

const statements = {
  keep: 'INSERT INTO invalid (position, at, reason, event) VALUES (?, ?, ?, ?)',
  list: 'SELECT position, at, reason, event FROM invalid WHERE position > ? ORDER BY position LIMIT ?',
  prune: 'DELETE FROM invalid WHERE at < ?',
} as const

/** Keeps an invalid event under its own running number. */
export function keepInvalid(
  sql: SqlStorage,
  position: number,
  at: number,
  reason: string,
  event: unknown,
): void {
  sql.exec(statements.keep, position, at, reason, JSON.stringify(event).slice(0, maxKeptCharacters))
}

/** Invalid events after a position, oldest first. */
export function listInvalid(sql: SqlStorage, after: number, limit: number): InvalidEvent[] {
  return sql.exec<InvalidEvent & Record<string, SqlStorageValue>>(statements.list, after, limit).toArray()
}

/** Forgets those older than `before`. */
export function pruneInvalid(sql: SqlStorage, before: number): void {
  sql.exec(statements.prune, before)
}
