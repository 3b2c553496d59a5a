import { cutPage, readCursor } from '../row-page.ts'

/** A tenant in the installation's list; `createdAt` in milliseconds. */
export interface TenantEntry {
  idTenant: string
  name: string
  createdAt: number
}

type Row = { position: number; id_tenant: string; name: string; created_at: number }

const statements = {
  add: 'INSERT INTO tenants (id_tenant, name, created_at) VALUES (?, ?, ?)',
  get: 'SELECT position, id_tenant, name, created_at FROM tenants WHERE id_tenant = ?',
  list: 'SELECT position, id_tenant, name, created_at FROM tenants WHERE position > ? ORDER BY position LIMIT ?',
  count: 'SELECT count(*) AS count FROM tenants',
  remove: 'DELETE FROM tenants WHERE id_tenant = ?',
} as const

function fromRow({ id_tenant: idTenant, name, created_at: createdAt }: Row): TenantEntry {
  return { idTenant, name, createdAt }
}

export function addTenant(sql: SqlStorage, { idTenant, name, createdAt }: TenantEntry): void {
  sql.exec(statements.add, idTenant, name, createdAt)
}

export function findTenant(sql: SqlStorage, idTenant: string): TenantEntry | null {
  const row = sql.exec<Row>(statements.get, idTenant).toArray()[0]
  return row ? fromRow(row) : null
}

/** A page of tenants, oldest first; `cursor` is null at the end. */
export function listTenants(
  sql: SqlStorage,
  limit: number,
  cursor: string | null,
): { tenants: TenantEntry[]; cursor: string | null } {
  const found = sql.exec<Row>(statements.list, readCursor(cursor), limit + 1).toArray()
  const page = cutPage(found, limit)
  return { tenants: page.rows.map(fromRow), cursor: page.cursor }
}

export function countTenants(sql: SqlStorage): number {
  return sql.exec<{ count: number }>(statements.count).one().count
}

export function removeTenant(sql: SqlStorage, idTenant: string): void {
  sql.exec(statements.remove, idTenant)
}
