import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Keeps a data directory to one start at a time. The lock is SQLite's on a file of its own: the operating system takes it
 * back when the process ends, however it ends, so no stale lock is ever left.
 */
export interface DataLock {
  release(): void
}

/** Takes the lock; `null` when another process has it. */
export function lockData(dataDirectory: string): DataLock | null {
  const database = new DatabaseSync(join(dataDirectory, 'lock'))
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === 5) return null
    throw error
  }
  return { release: () => database.close() }
}
