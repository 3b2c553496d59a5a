import { createRoute } from '@hono/zod-openapi'
import { Health } from '../../schema/api/connector.ts'
import { EventTypeList } from '../../schema/api/event.ts'
import { json, problems, tenantKey } from './respond.ts'

export const listEventTypes = createRoute({
  tags: ['Events'],
  security: tenantKey,
  method: 'get',
  path: '/v1/event-types',
  operationId: 'listEventTypes',
  summary: 'List the event types',
  responses: { 200: json(EventTypeList, 'Every type, described in English and Spanish.'), ...problems() },
})

export const getHealth = createRoute({
  tags: ['Installation'],
  security: [],
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  summary: 'Is the Worker up?',
  responses: { 200: json(Health, 'It is.') },
})
