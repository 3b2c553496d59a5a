import type { SubscriptionConfig } from '../subscription-config.ts'

/**
 * The subscriptions that concern a session, as its Tenant sent them, and what each Dispatcher has acknowledged. A row
 * whose `config` is null is a subscription that is gone and whose Dispatcher has not yet been told.
 */
export interface SessionSubscription {
  idSubscription: string
  /** Sequence after which this subscription's events begin. */
  startAfter: number
  /** Whether its Dispatcher has this configuration. */
  isConfigured: boolean
  config: SubscriptionConfig | null
}

const statements = {
  load: `SELECT id_subscription, version, configured_version, start_after, config FROM subscriptions
    ORDER BY id_subscription`,
  put: `INSERT INTO subscriptions (id_subscription, version, configured_version, start_after, config)
    VALUES (?1, ?2, -1, ?3, ?4) ON CONFLICT DO UPDATE SET version = ?2, config = ?4`,
  configured: 'UPDATE subscriptions SET configured_version = ?2 WHERE id_subscription = ?1 AND version = ?2',
  remove: 'DELETE FROM subscriptions WHERE id_subscription = ? AND config IS NULL',
} as const

export class SessionSubscriptions {
  list: readonly SessionSubscription[] = []
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    type Row = {
      id_subscription: string
      version: number
      configured_version: number
      start_after: number
      config: string | null
    }
    this.list = this.#sql
      .exec<Row>(statements.load)
      .toArray()
      .map((row) => ({
        idSubscription: row.id_subscription,
        startAfter: row.start_after,
        isConfigured: row.version === row.configured_version,
        config: row.config === null ? null : (JSON.parse(row.config) as SubscriptionConfig),
      }))
  }

  /**
   * Replaces the whole list. `startAfter` says where a subscription begins that was not known before; a changed one keeps
   * its place.
   */
  replace(configs: readonly SubscriptionConfig[], startAfter: (config: SubscriptionConfig) => number): void {
    const known = new Map(this.list.map((subscription) => [subscription.idSubscription, subscription]))
    for (const config of configs) {
      const before = known.get(config.idSubscription)
      known.delete(config.idSubscription)
      if (before?.config?.version === config.version) continue
      const start = before ? before.startAfter : startAfter(config)
      this.#sql.exec(statements.put, config.idSubscription, config.version, start, JSON.stringify(config))
    }
    for (const gone of known.values()) {
      if (gone.config) this.#sql.exec(statements.put, gone.idSubscription, gone.config.version + 1, 0, null)
    }
    this.load()
  }

  /** Its Dispatcher has the configuration of this version. */
  markConfigured(idSubscription: string, version: number): void {
    this.#sql.exec(statements.configured, idSubscription, version)
    this.load()
  }

  /** Its Dispatcher has erased itself. */
  forget(idSubscription: string): void {
    this.#sql.exec(statements.remove, idSubscription)
    this.load()
  }
}
