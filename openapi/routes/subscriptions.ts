import { createRoute, z } from '@hono/zod-openapi'
import { IdempotencyHeader, PageQuery } from '../../schema/api/common.ts'
import {
  DeliveryDetail,
  DeliveryPage,
  DeliveryQuery,
  Replay,
  ReplayStarted,
  RetryResult,
  TestResult,
} from '../../schema/api/delivery.ts'
import {
  CreateSubscription,
  NewSubscription,
  RotatedSecret,
  RotateSecret,
  SubscriptionDetail,
  SubscriptionPage,
  SubscriptionView,
  TestSubscription,
  UpdateSubscription,
} from '../../schema/api/subscription.ts'
import { IdEvent, IdSubscription } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Subscriptions'], security: tenantKey }
const subscription = z.object({ idSubscription: IdSubscription })
const delivery = subscription.extend({ idEvent: IdEvent })
const path = '/v1/subscriptions/{idSubscription}'

export const createSubscription = createRoute({
  ...common,
  method: 'post',
  path: '/v1/subscriptions',
  operationId: 'createSubscription',
  summary: 'Subscribe a webhook',
  description: 'It gets the events that are logged from now on; a replay sends it those of the past.',
  request: { headers: IdempotencyHeader, body: body(CreateSubscription) },
  responses: {
    201: json(NewSubscription, 'The subscription, with the secret that verifies its signatures.'),
    ...problems(400, 409, 413, 415, 422),
  },
})

export const listSubscriptions = createRoute({
  ...common,
  method: 'get',
  path: '/v1/subscriptions',
  operationId: 'listSubscriptions',
  summary: 'List the subscriptions',
  request: { query: PageQuery },
  responses: { 200: json(SubscriptionPage, 'Subscriptions, oldest first.'), ...problems(422) },
})

export const getSubscription = createRoute({
  ...common,
  method: 'get',
  path,
  operationId: 'getSubscription',
  summary: 'Read a subscription and how its deliveries go',
  request: { params: subscription },
  responses: { 200: json(SubscriptionDetail, 'The subscription.'), ...problems(404) },
})

export const updateSubscription = createRoute({
  ...common,
  method: 'patch',
  path,
  operationId: 'updateSubscription',
  summary: 'Change a subscription',
  description:
    'What waits goes to the new URL, with the new headers, if the new filter wants it. Of a session that it is given ' +
    'later a subscription gets what is logged from then on.',
  request: { params: subscription, body: body(UpdateSubscription) },
  responses: { 200: json(SubscriptionView, 'The subscription.'), ...problems(400, 404, 413, 415, 422) },
})

export const deleteSubscription = createRoute({
  ...common,
  method: 'delete',
  path,
  operationId: 'deleteSubscription',
  summary: 'Delete a subscription',
  request: { params: subscription },
  responses: { 204: { description: 'Nothing is sent any more.' }, ...problems(404) },
})

const setStatus = (name: 'enable' | 'disable', summary: string, description: string) =>
  createRoute({
    ...common,
    method: 'post',
    path: `${path}/${name}` as const,
    operationId: `${name}Subscription`,
    summary,
    description,
    request: { params: subscription },
    responses: { 200: json(SubscriptionView, 'The subscription.'), ...problems(404) },
  })

export const enableSubscription = setStatus(
  'enable',
  'Enable a subscription',
  'What waited during a pause is sent, in order. After a disabling, deliveries begin with what happens next; a replay ' +
    'with `onlyFailed` sends what was missed.',
)
export const disableSubscription = setStatus(
  'disable',
  'Disable a subscription',
  'Nothing is sent; events stay in the log and can be replayed.',
)

export const rotateSecret = createRoute({
  ...common,
  method: 'post',
  path: `${path}/rotate-secret`,
  operationId: 'rotateSecret',
  summary: 'Give a subscription a new secret',
  description:
    'While both are valid each request carries two signatures, one of each. Under an `Idempotency-Key` a repeat answers ' +
    'the same secret, as long as it signs.',
  request: { params: subscription, headers: IdempotencyHeader, body: body(RotateSecret) },
  responses: {
    200: json(RotatedSecret, 'The new secret. It is shown this once, and to a repeat under the same key.'),
    ...problems(400, 404, 413, 415, 422),
  },
})

export const testSubscription = createRoute({
  ...common,
  method: 'post',
  path: `${path}/test`,
  operationId: 'testSubscription',
  summary: 'Send a test event now',
  description:
    'An example event, signed, with `isTest: true`. It is in no log and in no statistics. When a disabled subscription ' +
    'answers it well, `enableUrl` says how to enable it again.',
  request: { params: subscription, body: body(TestSubscription) },
  responses: { 200: json(TestResult, 'What the endpoint answered.'), ...problems(400, 404, 413, 415, 422) },
})

export const listDeliveries = createRoute({
  ...common,
  tags: ['Deliveries'],
  method: 'get',
  path: `${path}/deliveries`,
  operationId: 'listDeliveries',
  summary: 'List deliveries',
  request: { params: subscription, query: DeliveryQuery },
  responses: { 200: json(DeliveryPage, 'Deliveries, newest first.'), ...problems(404, 422) },
})

export const getDelivery = createRoute({
  ...common,
  tags: ['Deliveries'],
  method: 'get',
  path: `${path}/deliveries/{idEvent}`,
  operationId: 'getDelivery',
  summary: 'Read a delivery and its attempts',
  request: { params: delivery },
  responses: { 200: json(DeliveryDetail, 'The delivery.'), ...problems(404) },
})

export const retryDelivery = createRoute({
  ...common,
  tags: ['Deliveries'],
  method: 'post',
  path: `${path}/deliveries/{idEvent}/retry`,
  operationId: 'retryDelivery',
  summary: 'Send one event again, now',
  request: { params: delivery },
  responses: { 200: json(RetryResult, 'What the endpoint answered.'), ...problems(404, 409, 410) },
})

export const replayDeliveries = createRoute({
  ...common,
  tags: ['Deliveries'],
  method: 'post',
  path: `${path}/replay`,
  operationId: 'replayDeliveries',
  summary: 'Send events of the past again',
  description: 'Runs behind live traffic, in order per chat. The same `Idempotency-Key` begins it once.',
  request: { params: subscription, headers: IdempotencyHeader, body: body(Replay) },
  responses: { 202: json(ReplayStarted, 'The replay has begun.'), ...problems(400, 404, 409, 413, 415, 422) },
})
