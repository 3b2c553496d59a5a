import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/subscriptions.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import type { AttemptView, DeliveryView } from '../dispatcher/delivery-view.ts'
import { readOrigin } from '../idempotency.ts'
import { isoTime, isoTimeOrNull } from '../iso-time.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import {
  findDelivery,
  findDispatchers,
  listOverSessions,
  refuseWhileReplaying,
  requireFound,
} from './dispatchers.ts'

/** What became of each event at each webhook. Mounted behind `subscriptionRoutes`, which asks for the key. */
export const deliveryRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

const reading = { middleware: requireScope('subscriptions:read') }
const writing = { middleware: requireScope('subscriptions:write') }

function show(delivery: DeliveryView) {
  const { nextAttemptAt, deliveredAt } = delivery
  return { ...delivery, nextAttemptAt: isoTimeOrNull(nextAttemptAt), deliveredAt: isoTimeOrNull(deliveredAt) }
}

function showAttempt(attempt: AttemptView) {
  return { ...attempt, at: isoTime(attempt.at), nextAttemptAt: isoTimeOrNull(attempt.nextAttemptAt) }
}

deliveryRoutes.openapi({ ...routes.listDeliveries, ...reading }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const { idSession, ...page } = context.req.valid('query')
  const { withLeaving } = await findDispatchers(context, idSubscription, idSession)
  const { deliveries, cursor } = await listOverSessions(requireFound(withLeaving, idSession), page)
  return context.json({ deliveries: deliveries.map(show), cursor }, 200)
})

deliveryRoutes.openapi({ ...routes.getDelivery, ...reading }, async (context) => {
  const { idSubscription, idEvent } = context.req.valid('param')
  const { withLeaving } = await findDispatchers(context, idSubscription)
  const { delivery, attemptLog } = await findDelivery(withLeaving, idEvent)
  return context.json({ ...show(delivery), attemptLog: attemptLog.map(showAttempt) }, 200)
})

deliveryRoutes.openapi({ ...routes.retryDelivery, ...writing }, async (context) => {
  const { idSubscription, idEvent } = context.req.valid('param')
  const { withLeaving } = await findDispatchers(context, idSubscription)
  const { dispatcher } = await findDelivery(withLeaving, idEvent)
  const { isDelivered, attempt } = unwrap(await dispatcher.retry(idEvent))
  return context.json({ isDelivered, attempt: showAttempt(attempt) }, 200)
})

deliveryRoutes.openapi({ ...routes.replayDeliveries, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const request = context.req.valid('json')
  const { idSession, since, ...rest } = request
  const { idTenant } = context.get('caller')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('rep', { idTenant, key, request })
  const { dispatchers } = await findDispatchers(context, idSubscription, idSession)
  requireFound(dispatchers, idSession)
  await refuseWhileReplaying(dispatchers, origin)
  const options = { ...rest, ...(since !== undefined && { since: Date.parse(since) }) }
  const sessions = await Promise.all(
    dispatchers.map(async ({ ref, dispatcher }) => {
      const { fromSequence, toSequence } = unwrap(await dispatcher.replay(options, origin))
      return { idSession: ref.idSession, fromSequence, toSequence }
    }),
  )
  return context.json({ sessions }, 202)
})
