import { migrate } from '../migrate.ts'
import { clearApiKeys } from './api-keys.ts'
import { tenantMigrations } from './migrations.ts'
import { TenantSessions } from './sessions.ts'
import { TenantSubscriptions } from './subscriptions.ts'

/** What a tenant remembers about itself. */
export interface TenantRecord {
  idTenant: string
  /** It is being erased: to everybody else it is gone. */
  isDestroyed: boolean
}

/** Everything that a tenant stores. */
export class TenantStore {
  readonly sql: SqlStorage
  readonly sessions: TenantSessions
  readonly subscriptions: TenantSubscriptions
  record: TenantRecord | null = null
  readonly #storage: DurableObjectStorage

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage
    this.sql = storage.sql
    this.sessions = new TenantSessions(this.sql, () => this.record?.idTenant ?? '')
    this.subscriptions = new TenantSubscriptions(this.sql)
  }

  /** Reads what is kept in memory. An object that holds no tenant is left empty: it may be an erased one. */
  open(): void {
    const isMade = this.sql.exec(`SELECT 1 FROM sqlite_master WHERE name = 'tenant'`).toArray().length > 0
    if (!isMade) return
    migrate(this.#storage, tenantMigrations)
    type Row = { id_tenant: string; destroyed_at: number | null }
    const row = this.sql.exec<Row>('SELECT id_tenant, destroyed_at FROM tenant').toArray()[0]
    this.record = row ? { idTenant: row.id_tenant, isDestroyed: row.destroyed_at !== null } : null
  }

  create({ idTenant, name, createdAt }: { idTenant: string; name: string; createdAt: number }): void {
    migrate(this.#storage, tenantMigrations)
    const statement = 'INSERT INTO tenant (id, id_tenant, name, created_at) VALUES (1, ?, ?, ?)'
    this.sql.exec(statement, idTenant, name, createdAt)
    this.record = { idTenant, isDestroyed: false }
  }

  /** Makes several writes, all or none. */
  change(write: () => void): void {
    this.#storage.transactionSync(write)
  }

  /** From here on no key authorizes and no session has a name, whatever happens to the rest. */
  beginDestroying(record: TenantRecord, now: number): void {
    this.change(() => {
      clearApiKeys(this.sql)
      this.sessions.departAll()
      this.sql.exec('UPDATE tenant SET destroyed_at = ?', now)
    })
    record.isDestroyed = true
  }

  async erase(): Promise<void> {
    await this.#storage.deleteAll()
    this.record = null
  }
}
