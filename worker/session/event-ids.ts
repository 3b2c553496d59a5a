/**
 * Which events are in the log: what makes a redelivered message one event. Two tables take turns, each for one
 * retention period, and the elder is dropped whole: an id is remembered for one to two periods, and forgetting costs
 * no write per row.
 */
const tables = [
  {
    add: `INSERT OR IGNORE INTO event_ids_0 SELECT value, ?1 + key FROM json_each(?2)
      WHERE NOT EXISTS (SELECT 1 FROM event_ids_1 WHERE id_event = value)`,
    added: `SELECT id_event FROM event_ids_0
      WHERE id_event IN (SELECT value FROM json_each(?1)) AND sequence >= ?2`,
    place: 'UPDATE event_ids_0 SET sequence = ?2 WHERE id_event = ?1',
    clear: `DROP TABLE event_ids_0;
      CREATE TABLE event_ids_0 (id_event TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID`,
  },
  {
    add: `INSERT OR IGNORE INTO event_ids_1 SELECT value, ?1 + key FROM json_each(?2)
      WHERE NOT EXISTS (SELECT 1 FROM event_ids_0 WHERE id_event = value)`,
    added: `SELECT id_event FROM event_ids_1
      WHERE id_event IN (SELECT value FROM json_each(?1)) AND sequence >= ?2`,
    place: 'UPDATE event_ids_1 SET sequence = ?2 WHERE id_event = ?1',
    clear: `DROP TABLE event_ids_1;
      CREATE TABLE event_ids_1 (id_event TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID`,
  },
] as const

/** Drops the elder table and lets it take the new ids; returns which table that is. */
export function rotateEventIds(sql: SqlStorage, current: 0 | 1): 0 | 1 {
  const next = current === 0 ? 1 : 0
  sql.exec(tables[next].clear)
  return next
}

/**
 * Remembers ids (each once in the list) for the sequences from `firstSequence` on.
 * @returns those that were new, in their order; they have the sequences without holes.
 */
export function addEventIds(
  sql: SqlStorage,
  table: 0 | 1,
  ids: readonly string[],
  firstSequence: number,
): readonly string[] {
  const statements = tables[table]
  const list = JSON.stringify(ids)
  const { rowsWritten } = sql.exec(statements.add, firstSequence, list)
  if (rowsWritten === ids.length) return ids
  const rows = sql.exec<{ id_event: string }>(statements.added, list, firstSequence).toArray()
  const added = new Set(rows.map((row) => row.id_event))
  const fresh = ids.filter((id) => added.has(id))
  for (const [index, id] of fresh.entries()) sql.exec(statements.place, id, firstSequence + index)
  return fresh
}

/** The sequence of an event, or null when it is not (or no longer) known. */
export function findSequence(sql: SqlStorage, idEvent: string): number | null {
  const row = sql
    .exec<{ sequence: number }>(
      `SELECT sequence FROM event_ids_0 WHERE id_event = ?1
        UNION ALL SELECT sequence FROM event_ids_1 WHERE id_event = ?1`,
      idEvent,
    )
    .toArray()[0]
  return row ? row.sequence : null
}
