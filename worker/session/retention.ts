import { rotateEventIds } from './event-ids.ts'
import { pruneInvalid } from './invalid.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'

const sliceRows = 100

/**
 * Forgets what is older than the retention, one slice of the log at a time.
 * @returns whether there may be more to forget now.
 */
export function forgetExpired(
  store: SessionStore,
  record: SessionRecord,
  now: number,
  retentionMs: number,
): boolean {
  const before = now - retentionMs
  const more = store.log.prune(before, sliceRows)
  if (more) return true
  pruneInvalid(store.sql, before)
  store.recipients.prune(before)
  store.commands.prune(before, now - timing.idempotencyMs)
  if (now - record.idsSince >= retentionMs) {
    record.idsTable = rotateEventIds(store.sql, record.idsTable)
    record.idsSince = now
    store.lostFiles.prune(before)
  }
  return false
}
