import type { EventDraft } from '../../schema/event/event.ts'
import type { SubscriptionAction } from '../../schema/event/subscription.ts'
import { randomId } from '../random-id.ts'
import type { Job } from './job.ts'
import { errorTexts, type AttemptError, type DisableReason } from './outcome.ts'
import type { Settings } from './record.ts'

/** An event counts as failing, and the other subscriptions are told, when it has failed this often. */
export const tellAfterFailures = 3

const disableTexts: Record<DisableReason, string> = {
  gone: 'The endpoint answered 410 Gone. Enable the subscription again when it is back.',
  endpointAsked:
    'The endpoint asked for it by the header webhook-delivery: disable. Enable the subscription again when it is wanted.',
  onlyFailures:
    'Every delivery failed for five days. Repair the endpoint, enable the subscription, then replay what was missed.',
}

/**
 * Makes the `subscriptionUpdate` event that tells the other subscriptions how this one fares. Its id is made here, once, so
 * that telling the Session again changes nothing. Deliveries of such events are never told about: two subscriptions that
 * both fail would talk about each other for ever.
 */
export function makeNotice(
  settings: Settings,
  action: SubscriptionAction,
  job: Pick<Job, 'idEvent' | 'messageType'> | null,
  why: { error: AttemptError | null } | { disabled: DisableReason } | null,
): EventDraft | null {
  if (job?.messageType === 'subscriptionUpdate' && action !== 'disabled') return null
  return {
    idSession: settings.ref.idSession,
    messageType: 'subscriptionUpdate',
    idEvent: randomId('evt'),
    idSubscription: settings.config.idSubscription,
    action,
    ...(job ? { failedEvent: job.idEvent } : {}),
    ...explain(why),
  }
}

function explain(why: { error: AttemptError | null } | { disabled: DisableReason } | null): {
  reason?: string
  reasonText?: string
} {
  if (!why) return {}
  if ('disabled' in why) return { reason: why.disabled, reasonText: disableTexts[why.disabled] }
  return why.error ? { reason: why.error, reasonText: errorTexts[why.error] } : {}
}
