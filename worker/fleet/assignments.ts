import type { SessionRef } from '../../schema/link.ts'

/** A wanted session, and the connector that is to run it; null while it waits for one. */
export interface Assignment {
  ref: SessionRef
  idConnector: string | null
}

const statements = {
  load: 'SELECT id_object, id_tenant, id_session, id_connector FROM assignments',
  put: `INSERT OR REPLACE INTO assignments (id_object, id_tenant, id_session, id_connector) VALUES (?, ?, ?, ?)`,
  remove: 'DELETE FROM assignments WHERE id_object = ?',
} as const

/** Which session is wanted and who runs it: in memory, written through. */
export class Assignments {
  readonly all = new Map<string, Assignment>()
  readonly #loads = new Map<string, number>()
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    type Row = { id_object: string; id_tenant: string; id_session: string; id_connector: string | null }
    for (const row of this.#sql.exec<Row>(statements.load)) {
      const ref = { idTenant: row.id_tenant, idSession: row.id_session, idObject: row.id_object }
      this.#keep({ ref, idConnector: row.id_connector })
    }
  }

  /** How many sessions a connector has been given. */
  loadOf(idConnector: string): number {
    return this.#loads.get(idConnector) ?? 0
  }

  of(idConnector: string): Assignment[] {
    return [...this.all.values()].filter((assignment) => assignment.idConnector === idConnector)
  }

  waiting(): Assignment[] {
    return [...this.all.values()].filter((assignment) => assignment.idConnector === null)
  }

  put(ref: SessionRef, idConnector: string | null): void {
    this.#sql.exec(statements.put, ref.idObject, ref.idTenant, ref.idSession, idConnector)
    this.#keep({ ref, idConnector })
  }

  remove(idObject: string): void {
    this.#sql.exec(statements.remove, idObject)
    this.#count(this.all.get(idObject)?.idConnector ?? null, -1)
    this.all.delete(idObject)
  }

  #keep(assignment: Assignment): void {
    const { idObject } = assignment.ref
    this.#count(this.all.get(idObject)?.idConnector ?? null, -1)
    this.all.set(idObject, assignment)
    this.#count(assignment.idConnector, 1)
  }

  #count(idConnector: string | null, change: number): void {
    if (idConnector !== null) this.#loads.set(idConnector, this.loadOf(idConnector) + change)
  }
}
