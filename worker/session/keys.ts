import type { KeyChange, KeyEntry } from '../../schema/link.ts'

/** The account's credentials and Signal keys, as the connector encrypted them: bytes that cannot be read here. */
const statements = {
  put: 'INSERT OR REPLACE INTO keys VALUES (?, ?, ?)',
  remove: 'DELETE FROM keys WHERE type = ? AND id = ?',
  preload: `SELECT type, id, value FROM keys WHERE type <> 'pre-key'`,
  read: `SELECT type, id, value FROM keys WHERE type = ?1 AND id IN (SELECT value FROM json_each(?2))`,
  clear: 'DELETE FROM keys',
  count: 'SELECT count(*) AS count FROM keys',
} as const

/** Applies changes in order. */
export function applyKeys(sql: SqlStorage, changes: readonly KeyChange[]): void {
  for (const { type, id, value } of changes) {
    if (value === null) sql.exec(statements.remove, type, id)
    else sql.exec(statements.put, type, id, value)
  }
}

/** All keys but the pre-keys, in slices of at most about `maxCharacters`; at least one slice, if only an empty one. */
export function* sliceKeys(sql: SqlStorage, maxCharacters: number): Generator<KeyEntry[]> {
  let slice: KeyEntry[] = []
  let size = 0
  for (const row of sql.exec<KeyEntry & Record<string, string>>(statements.preload)) {
    const length = row.value.length + row.id.length + row.type.length + 32
    if (size + length > maxCharacters && slice.length > 0) {
      yield slice
      slice = []
      size = 0
    }
    slice.push({ type: row.type, id: row.id, value: row.value })
    size += length
  }
  yield slice
}

/** The keys of one type that exist among the ids. */
export function readKeys(sql: SqlStorage, type: string, ids: readonly string[]): KeyEntry[] {
  return sql.exec<KeyEntry & Record<string, string>>(statements.read, type, JSON.stringify(ids)).toArray()
}

/** Forgets the account. */
export function clearKeys(sql: SqlStorage): void {
  sql.exec(statements.clear)
}

/** Whether the account has ever been linked here. */
export function countKeys(sql: SqlStorage): number {
  return sql.exec<{ count: number }>(statements.count).one().count
}
