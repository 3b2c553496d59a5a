import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

type ObjectClass = 'Dispatcher' | 'Session' | 'Tenant'

const alarmsFile = 'metadata.sqlite'

/**
 * What the Worker's objects have stored, as files: to be changed while it is stopped, for states that no request brings
 * about. workerd keeps an alarm twice: in the object, and in the list of its class, by which it goes off.
 */
export class StoredObjects {
  readonly #directory: string

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'objects')
  }

  /** Changes every object of a class. */
  change(of: ObjectClass, sql: string, ...values: (string | number | bigint | null)[]): void {
    for (const name of this.#objectFiles(of)) this.#run(of, name, sql, values)
  }

  /** Calls the column of the log in which the events stand something else: nobody can read it until it is called so again. */
  renameLogColumn(from: string, to: string): void {
    for (const name of this.#objectFiles('Session')) {
      const path = join(this.#classDirectory('Session'), name)
      const database = new DatabaseSync(path)
      const tables = database
        .prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'log_[0-9]*'`)
        .all()
      for (const { name: table } of tables)
        database.exec(`ALTER TABLE ${String(table)} RENAME COLUMN ${from} TO ${to}`)
      database.close()
    }
  }

  /** Lets all objects of a class have their alarm at a time; with `null` none has one. */
  setAlarms(of: ObjectClass, at: number | null): void {
    this.setOwnAlarms(of, at)
    if (at === null) this.forgetAlarms(of)
    else this.#run(of, alarmsFile, 'UPDATE _cf_ALARM SET scheduled_time = ?', [nanoseconds(at)])
  }

  /** What the objects themselves take for their alarm. */
  setOwnAlarms(of: ObjectClass, at: number | null): void {
    // An object that never had an alarm lacks the table.
    this.change(of, 'CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)')
    const value = at === null ? null : nanoseconds(at)
    this.change(of, 'UPDATE _cf_METADATA SET value = ? WHERE key = 1', value)
  }

  /** The platform has given up on their alarms. */
  forgetAlarms(of: ObjectClass): void {
    this.#run(of, alarmsFile, 'DELETE FROM _cf_ALARM', [])
  }

  /** Whether a text stands in any of the objects' files, in plain. */
  holds(text: string): boolean {
    return (['Dispatcher', 'Session', 'Tenant'] as const).some((of) =>
      readdirSync(this.#classDirectory(of)).some((name) =>
        readFileSync(join(this.#classDirectory(of), name)).includes(text),
      ),
    )
  }

  /** When the alarms of a class go off, in milliseconds; also while the Worker runs. */
  alarms(of: ObjectClass): number[] {
    const database = new DatabaseSync(join(this.#classDirectory(of), alarmsFile), { readOnly: true })
    try {
      const query = database.prepare('SELECT scheduled_time AS at FROM _cf_ALARM')
      query.setReadBigInts(true)
      return query.all().map(({ at }) => Number((at as bigint) / 1_000_000n))
    } finally {
      database.close()
    }
  }

  #objectFiles(of: ObjectClass): string[] {
    const names = readdirSync(this.#classDirectory(of))
    return names.filter((name) => name.endsWith('.sqlite') && name !== alarmsFile)
  }

  #classDirectory(of: ObjectClass): string {
    return join(this.#directory, `chatlink-${of}`)
  }

  #run(of: ObjectClass, name: string, sql: string, values: (string | number | bigint | null)[]): void {
    const database = new DatabaseSync(join(this.#classDirectory(of), name))
    try {
      database.prepare(sql).run(...values)
    } finally {
      database.close()
    }
  }
}

function nanoseconds(at: number): bigint {
  return BigInt(at) * 1_000_000n
}
