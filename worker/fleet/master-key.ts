const statements = {
  read: 'SELECT fingerprint FROM master_key',
  put: 'INSERT OR REPLACE INTO master_key (id, fingerprint) VALUES (1, ?)',
} as const

/**
 * The installation's master key, by its fingerprint; the Worker never sees the key. The first connector tells it. One with
 * another key could open no account, and what it stored for a new one nobody else could open.
 */
export class MasterKey {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** Whether a connector with this key may run sessions. `isNew`: from now on it is the installation's. */
  admits(fingerprint: string, isNew: boolean): boolean {
    const [known] = this.#sql.exec<{ fingerprint: string }>(statements.read)
    if (known?.fingerprint === fingerprint) return true
    if (known !== undefined && !isNew) return false
    this.#sql.exec(statements.put, fingerprint)
    return true
  }
}
