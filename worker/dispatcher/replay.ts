import type { MessageType } from '../../schema/event/event.ts'
import type { Origin } from '../idempotency.ts'
import { fail, succeed, type Result } from '../result.ts'
import type { Replay } from './record.ts'
import type { Work } from './work.ts'

export type ReplayRefusal =
  | 'subscriptionNotEnabled'
  | 'replayRunning'
  | 'replayTooOld'
  | 'idempotencyConflict'

interface ReplayOptions {
  since?: number | undefined
  afterSequence?: number | undefined
  types?: MessageType[] | undefined
  onlyFailed?: boolean | undefined
}

/**
 * Begins a replay, up to where the subscription's own stream stands now; what comes later is delivered anyhow. Of the same
 * `origin` the newest replay is found, and none begun.
 */
export async function startReplay(
  work: Work,
  options: ReplayOptions,
  origin: Origin<'rep'> | undefined,
  now: number,
): Promise<Result<{ replay: Replay }, ReplayRefusal>> {
  const { since, types = null, onlyFailed = false } = options
  const isTooOld = since !== undefined && since < now - work.doors.config.CHATLINK_RETENTION_DAYS * 86_400_000
  const asked =
    since === undefined || isTooOld
      ? (options.afterSequence ?? 0)
      : (await work.session.sequenceBefore(since)).sequence
  // From here on nothing is waited for: two requests do not begin at once.
  const known = findReplay(work, origin)
  if (known) return known
  if (!work.isActive) {
    return fail(
      'subscriptionNotEnabled',
      'Enable or resume the subscription first; then replay what it missed.',
    )
  }
  if (work.replayer.isRunning) {
    return fail('replayRunning', 'A replay is under way for this session. Wait until it has ended.')
  }
  if (isTooOld) return fail('replayTooOld', 'The log does not reach back so far. Use a later time.')
  const through = work.stream.cursor
  const after = Math.min(asked, through)
  const counts = { startedAt: now, finishedAt: null, delivered: 0, failed: 0 }
  const replay = { after, position: after, through, types, onlyFailed, ...counts, ...(origin && { origin }) }
  work.beginReplay(replay, now)
  return succeed({ replay })
}

/** Whether a replay is under way that another request has begun. */
export function isReplaying(work: Work, origin: Origin<'rep'> | undefined): boolean {
  return work.replayer.isRunning && findReplay(work, origin) === null
}

/** The newest replay, when it was begun by this request; null when it was not. */
function findReplay(
  work: Work,
  origin: Origin<'rep'> | undefined,
): Result<{ replay: Replay }, 'idempotencyConflict'> | null {
  const { replay } = work.control
  if (!origin || replay?.origin?.id !== origin.id) return null
  if (replay.origin.requestHash === origin.requestHash) return succeed({ replay })
  return fail(
    'idempotencyConflict',
    'This Idempotency-Key was used for another replay. Use a new key for a new replay.',
  )
}
