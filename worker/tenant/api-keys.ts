import { randomText } from '../random-id.ts'
import { cutPage, readCursor } from '../row-page.ts'

/** An API key as it may be shown; the key itself is shown once and stored as its SHA-256 alone. */
export interface ApiKeyView {
  idKey: string
  name: string | null
  scopes: string[]
  createdAt: number
}

type Row = { position: number; id_key: string; name: string | null; scopes: string; created_at: number }

const statements = {
  add: 'INSERT INTO api_keys (id_key, hash, name, scopes, created_at) VALUES (?, ?, ?, ?, ?)',
  list: 'SELECT position, id_key, name, scopes, created_at FROM api_keys WHERE position > ? ORDER BY position LIMIT ?',
  count: 'SELECT count(*) AS count FROM api_keys WHERE id_key = ?',
  byHash: 'SELECT position, id_key, name, scopes, created_at FROM api_keys WHERE hash = ?',
  remove: 'DELETE FROM api_keys WHERE id_key = ?',
  clear: 'DELETE FROM api_keys',
} as const

function fromRow(row: Row): ApiKeyView {
  const scopes = JSON.parse(row.scopes) as string[]
  return { idKey: row.id_key, name: row.name, scopes, createdAt: row.created_at }
}

/** Makes a key `ck_<tenant>_<secret>`: the tenant can be read from it, the secret has 238 random bits. */
export function makeApiKey(idTenant: string): string {
  return `ck_${idTenant.slice('ten_'.length)}_${randomText(40)}`
}

export function addApiKey(
  sql: SqlStorage,
  hash: string,
  { idKey, name, scopes, now }: { idKey: string; name: string | null; scopes: string[]; now: number },
): ApiKeyView {
  sql.exec(statements.add, idKey, hash, name, JSON.stringify(scopes), now)
  return { idKey, name, scopes, createdAt: now }
}

/** A page of keys, oldest first; `cursor` is null at the end. */
export function listApiKeys(
  sql: SqlStorage,
  limit: number,
  cursor: string | null,
): { keys: ApiKeyView[]; cursor: string | null } {
  const found = sql.exec<Row>(statements.list, readCursor(cursor), limit + 1).toArray()
  const page = cutPage(found, limit)
  return { keys: page.rows.map(fromRow), cursor: page.cursor }
}

export function hasApiKey(sql: SqlStorage, idKey: string): boolean {
  return sql.exec<{ count: number }>(statements.count, idKey).one().count > 0
}

/** The key of a hash. What is looked up is a hash of what the caller sent, so timing tells nothing of the keys. */
export function findApiKey(sql: SqlStorage, hash: string): ApiKeyView | null {
  const row = sql.exec<Row>(statements.byHash, hash).toArray()[0]
  return row ? fromRow(row) : null
}

/** Whether there was such a key. */
export function removeApiKey(sql: SqlStorage, idKey: string): boolean {
  return sql.exec(statements.remove, idKey).rowsWritten > 0
}

export function clearApiKeys(sql: SqlStorage): void {
  sql.exec(statements.clear)
}
