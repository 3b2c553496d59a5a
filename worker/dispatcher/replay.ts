import type { MessageType } from '../../schema/event/event.ts'
import { fail, succeed, type Result } from '../result.ts'
import type { Replay } from './record.ts'
import type { Work } from './work.ts'

export type ReplayRefusal = 'subscriptionNotEnabled' | 'replayRunning' | 'replayTooOld'

interface ReplayOptions {
  since?: number | undefined
  afterSequence?: number | undefined
  types?: MessageType[] | undefined
  onlyFailed?: boolean | undefined
}

/** Plans a replay, up to where the subscription's own stream stands now; what comes later is delivered anyhow. */
export async function makeReplay(
  work: Work,
  options: ReplayOptions,
  now: number,
): Promise<Result<{ replay: Replay }, ReplayRefusal>> {
  if (!work.isActive) {
    return fail(
      'subscriptionNotEnabled',
      'Enable or resume the subscription first; then replay what it missed.',
    )
  }
  if (work.replayer.isRunning) {
    return fail('replayRunning', 'A replay is under way for this session. Wait until it has ended.')
  }
  const { since, types = null, onlyFailed = false } = options
  if (since !== undefined && since < now - work.doors.config.CHATLINK_RETENTION_DAYS * 86_400_000) {
    return fail('replayTooOld', 'The log does not reach back so far. Use a later time.')
  }
  const asked =
    since === undefined ? (options.afterSequence ?? 0) : (await work.session.sequenceBefore(since)).sequence
  const through = work.stream.cursor
  const after = Math.min(asked, through)
  const counts = { startedAt: now, finishedAt: null, delivered: 0, failed: 0 }
  return succeed({ replay: { after, position: after, through, types, onlyFailed, ...counts } })
}
