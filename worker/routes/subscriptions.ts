import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/subscriptions.ts'
import type { MessageType } from '../../schema/event/event.ts'
import { ApiError, unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { isDoor, ownHostDetail } from '../dispatcher/target.ts'
import { readOrigin } from '../idempotency.ts'
import { isoTime } from '../iso-time.ts'
import { requireKey, requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import type { SubscriptionChange, SubscriptionView } from '../tenant/subscription.ts'
import { findDispatchers } from './dispatchers.ts'
import { tenantOf } from './find-session.ts'
import { makeTestEvent } from './test-event.ts'

/** Webhooks of a tenant. */
export const subscriptionRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

subscriptionRoutes.use('/v1/subscriptions/*', requireKey())

const reading = { middleware: requireScope('subscriptions:read') }
const writing = { middleware: requireScope('subscriptions:write') }

type Chosen = (MessageType | '*')[] | null

/** `["*"]` of the API is `'*'` inside. */
function readEvents(events: Chosen): MessageType[] | '*' | null {
  return events?.includes('*') ? '*' : (events as MessageType[] | null)
}

function show({ events, createdAt, updatedAt, rateLimitPerSecond, ...rest }: SubscriptionView) {
  return {
    ...rest,
    events: events === '*' ? (['*'] as Chosen) : events,
    rateLimitPerSecond: rateLimitPerSecond ?? null,
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(updatedAt),
  }
}

/** Refuses the address that the request itself has come to, whether or not ChatLink is told its public one. */
function refuseDoor(url: string, door: string): void {
  if (isDoor(url, door)) throw new ApiError('targetRefused', ownHostDetail)
}

subscriptionRoutes.openapi({ ...routes.createSubscription, ...writing }, async (context) => {
  const request = context.req.valid('json')
  refuseDoor(request.url, context.req.url)
  const { events, ...input } = request
  const { idTenant } = context.get('caller')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('sub', { idTenant, key, request })
  const made = unwrap(
    await tenantOf(context).createSubscription({ ...input, events: readEvents(events) }, origin),
  )
  return context.json({ ...show(made.subscription), secret: made.secret }, 201)
})

subscriptionRoutes.openapi({ ...routes.listSubscriptions, ...reading }, async (context) => {
  const { subscriptions, cursor } = unwrap(
    await tenantOf(context).listSubscriptions(context.req.valid('query')),
  )
  return context.json({ subscriptions: subscriptions.map(show), cursor }, 200)
})

subscriptionRoutes.openapi({ ...routes.getSubscription, ...reading }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const { dispatchers, subscription } = await findDispatchers(context, idSubscription)
  const health = await Promise.all(
    dispatchers.slice(0, 100).map(async ({ ref, dispatcher }) => {
      const { state, sequence, cursor, lag, lagSeconds, replay, successRate, p50Ms, p95Ms } =
        await dispatcher.describe()
      const { idSession } = ref
      const lags = { lagEvents: lag, lagSeconds }
      return { idSession, state, sequence, cursor, ...lags, replay, successRate, p50Ms, p95Ms }
    }),
  )
  return context.json({ ...show(subscription), health }, 200)
})

subscriptionRoutes.openapi({ ...routes.updateSubscription, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const { events, ...input } = context.req.valid('json')
  if (input.url !== undefined) refuseDoor(input.url, context.req.url)
  const change = events === undefined ? input : { ...input, events: readEvents(events) }
  const { subscription } = unwrap(
    await tenantOf(context).updateSubscription(idSubscription, change as SubscriptionChange),
  )
  return context.json(show(subscription), 200)
})

subscriptionRoutes.openapi({ ...routes.deleteSubscription, ...writing }, async (context) => {
  unwrap(await tenantOf(context).deleteSubscription(context.req.valid('param').idSubscription))
  return context.body(null, 204)
})

subscriptionRoutes.openapi({ ...routes.enableSubscription, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const { subscription } = unwrap(await tenantOf(context).setSubscriptionStatus(idSubscription, 'enabled'))
  return context.json(show(subscription), 200)
})

subscriptionRoutes.openapi({ ...routes.disableSubscription, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const tenant = tenantOf(context)
  const { subscription } = unwrap(await tenant.setSubscriptionStatus(idSubscription, 'disabled', 'requested'))
  return context.json(show(subscription), 200)
})

subscriptionRoutes.openapi({ ...routes.rotateSecret, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const request = context.req.valid('json')
  const { idTenant } = context.get('caller')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('rot', { idTenant, key, request })
  const rotated = unwrap(await tenantOf(context).rotateSecret(idSubscription, request, origin))
  const { secret, oldSecretExpiresAt } = rotated
  return context.json({ idSubscription, secret, oldSecretExpiresAt: isoTime(oldSecretExpiresAt) }, 200)
})

subscriptionRoutes.openapi({ ...routes.testSubscription, ...writing }, async (context) => {
  const { idSubscription } = context.req.valid('param')
  const { config, subscription } = unwrap(await tenantOf(context).getSubscription(idSubscription))
  const { idEvent, body } = makeTestEvent(context.req.valid('json').messageType ?? 'conversation')
  const dispatcher = context.env.DISPATCHER.getByName(`test:${idSubscription}`)
  const { delivered, attempt } = await dispatcher.sendTest(config, body, idEvent)
  const { statusCode, errorClass, durationMs, responseExcerpt } = attempt
  const mayEnable = delivered && subscription.status === 'disabled'
  const enableUrl = mayEnable ? `/v1/subscriptions/${idSubscription}/enable` : null
  return context.json({ delivered, statusCode, errorClass, durationMs, responseExcerpt, enableUrl }, 200)
})
