import { maxSubscriptions } from '../../schema/api/subscription.ts'
import type { SubscriptionRecord } from './subscription.ts'

type Row = { position: number; record: string }

const statements = {
  add: 'INSERT INTO subscriptions (id_subscription, record) VALUES (?, ?)',
  put: 'UPDATE subscriptions SET record = ?2 WHERE id_subscription = ?1',
  get: 'SELECT position, record FROM subscriptions WHERE id_subscription = ?',
  page: 'SELECT position, record FROM subscriptions WHERE position > ? ORDER BY position LIMIT ?',
  remove: 'DELETE FROM subscriptions WHERE id_subscription = ?',
  count: 'SELECT count(*) AS count FROM subscriptions',
} as const

export class TenantSubscriptions {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  add(record: SubscriptionRecord): void {
    this.#sql.exec(statements.add, record.idSubscription, JSON.stringify(record))
  }

  put(record: SubscriptionRecord): void {
    this.#sql.exec(statements.put, record.idSubscription, JSON.stringify(record))
  }

  find(idSubscription: string): SubscriptionRecord | null {
    const row = this.#sql.exec<Row>(statements.get, idSubscription).toArray()[0]
    return row ? (JSON.parse(row.record) as SubscriptionRecord) : null
  }

  page(limit: number, cursor: string | null): { records: SubscriptionRecord[]; cursor: string | null } {
    const rows = this.#sql.exec<Row>(statements.page, Number(cursor ?? 0) || 0, limit + 1).toArray()
    const page = rows.slice(0, limit)
    const next = rows.length > limit ? String(page.at(-1)?.position) : null
    return { records: page.map((row) => JSON.parse(row.record) as SubscriptionRecord), cursor: next }
  }

  /** Those that concern a session. */
  concerning(idSession: string): SubscriptionRecord[] {
    return this.page(maxSubscriptions, null).records.filter(
      ({ sessions }) => sessions === null || sessions.includes(idSession),
    )
  }

  remove(idSubscription: string): void {
    this.#sql.exec(statements.remove, idSubscription)
  }

  count(): number {
    return this.#sql.exec<{ count: number }>(statements.count).one().count
  }
}
