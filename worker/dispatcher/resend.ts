import { fail, succeed, type Result } from '../result.ts'
import { viewAttempt, type AttemptView } from './delivery-view.ts'
import { makeJob } from './job.ts'
import { readHead, singleLane } from './match.ts'
import type { Work } from './work.ts'

export type ResendRefusal = 'deliveryNotFound' | 'eventExpired' | 'attemptUnderWay' | 'subscriptionNotEnabled'

/** Sends one event again that fails, was given up, or was delivered: the same id, the same bytes. */
export async function resend(
  work: Work,
  idEvent: string,
  now: number,
): Promise<Result<{ attempt: AttemptView; isDelivered: boolean }, ResendRefusal>> {
  if (!work.isActive) return fail('subscriptionNotEnabled', 'Enable or resume the subscription first.')
  work.ledger.write(now)
  const failing = work.book.find(idEvent)
  const sequence =
    failing?.sequence ??
    work.store.dead.find(idEvent)?.record.sequence ??
    work.store.findDelivered(idEvent)?.sequence ??
    null
  if (sequence === null) {
    return fail(
      'deliveryNotFound',
      'This event has not been tried for this subscription, so there is nothing to repeat.',
    )
  }
  const lane = failing?.lane ?? singleLane(sequence)
  if (work.book.isBusy(lane))
    return fail('attemptUnderWay', 'It is being sent right now. Look at its attempts soon.')
  const { entries } = await work.session.readLog({ after: sequence - 1, limit: 1, maxBytes: 1 })
  const [entry] = entries
  if (entry?.sequence !== sequence) {
    return fail(
      'eventExpired',
      'The event is older than the retention of the log; only its attempts are still known.',
    )
  }
  const job = makeJob('manual', lane, sequence, readHead(entry.body), entry.body)
  const attempt = await work.engine.sendNow(job)
  return succeed({ attempt: viewAttempt(attempt), isDelivered: attempt.error === null })
}
