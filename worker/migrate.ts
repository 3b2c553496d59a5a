/**
 * Brings an object's tables up to date: runs the steps that have not run yet, each in a transaction of its own, and
 * remembers how many did. A step that has been released is never edited; a change is a new step at the end.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const { sql } = storage
  sql.exec('CREATE TABLE IF NOT EXISTS migrations (done INTEGER PRIMARY KEY)')
  const done = sql.exec<{ done: number }>('SELECT coalesce(max(done), 0) AS done FROM migrations').one().done
  for (const [index, step] of steps.entries()) {
    if (index < done) continue
    storage.transactionSync(() => {
      sql.exec(step)
      sql.exec('INSERT INTO migrations (done) VALUES (?)', index + 1)
    })
  }
}
