import { pruneInvalid } from './invalid.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'

const sliceRows = 100
/** How late what is old may be forgotten, at most; once in so long, it costs hardly a row. */
const tidyEveryMs = 6 * 3_600_000

/** When what is old is to be forgotten next: a short retention is looked after more often. */
export function nextTidying(record: SessionRecord, retentionMs: number): number {
  return record.tidiedAt + Math.max(1000, Math.min(tidyEveryMs, retentionMs / 4))
}

/**
 * Forgets what is older than the retention, one partition of the log at a time.
 * @returns whether there may be more to forget now.
 */
export function forgetExpired(
  store: SessionStore,
  record: SessionRecord,
  now: number,
  retentionMs: number,
): boolean {
  if (now < nextTidying(record, retentionMs)) return false
  const before = now - retentionMs
  if (store.log.hasExpired(before)) store.index.seal(now)
  if (store.log.prune(before, sliceRows)) return true
  store.index.prune(before - retentionMs)
  pruneInvalid(store.sql, before)
  store.recipients.prune(before)
  store.commands.prune(before, now - timing.idempotencyMs)
  store.lostFiles.prune(before)
  record.tidiedAt = now
  return false
}
