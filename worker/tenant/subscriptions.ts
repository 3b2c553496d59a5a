import { maxSubscriptions } from '../../schema/api/subscription.ts'
import { cutPage, readCursor } from '../row-page.ts'
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

function fromRow({ record }: Pick<Row, 'record'>): SubscriptionRecord {
  return JSON.parse(record) as SubscriptionRecord
}

/** A tenant's subscriptions, one row each. */
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
    return row ? fromRow(row) : null
  }

  page(limit: number, cursor: string | null): { records: SubscriptionRecord[]; cursor: string | null } {
    const found = this.#sql.exec<Row>(statements.page, readCursor(cursor), limit + 1).toArray()
    const page = cutPage(found, limit)
    return { records: page.rows.map(fromRow), cursor: page.cursor }
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
