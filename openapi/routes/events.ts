import { createRoute, z } from '@hono/zod-openapi'
import {
  EventPage,
  EventQuery,
  EventStreamHeader,
  EventStreamQuery,
  InvalidEventList,
  InvalidEventQuery,
} from '../../schema/api/event.ts'
import { IdSession } from '../../schema/id.ts'
import { json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Events'], security: tenantKey }
const session = z.object({ idSession: IdSession })
const path = '/v1/sessions/{idSession}'

export const listEvents = createRoute({
  ...common,
  method: 'get',
  path: `${path}/events`,
  operationId: 'listEvents',
  summary: 'Pull events',
  description: 'The same log that webhooks are sent from. Ask again with `nextAfter`.',
  request: { params: session, query: EventQuery },
  responses: { 200: json(EventPage, 'Events in the order of the log.'), ...problems(404, 422) },
})

export const listInvalidEvents = createRoute({
  ...common,
  method: 'get',
  path: `${path}/invalid-events`,
  operationId: 'listInvalidEvents',
  summary: 'List events that failed the contract',
  description: 'They are kept with the reason and never delivered.',
  request: { params: session, query: InvalidEventQuery },
  responses: { 200: json(InvalidEventList, 'Oldest first.'), ...problems(404, 422) },
})

export const streamEvents = createRoute({
  ...common,
  method: 'get',
  path: `${path}/events/stream`,
  operationId: 'streamEvents',
  summary: 'Receive events live',
  description:
    'Server-sent events from the same log: `id` is the `sequence`, `event` the `messageType`, `data` the event as webhooks carry it. Without `after` it begins with what comes next. It is ended now and then; clients come back by themselves, with `Last-Event-ID`, and miss nothing.',
  request: { params: session, query: EventStreamQuery, headers: EventStreamHeader },
  responses: {
    200: {
      description: 'The stream; a comment every 15 seconds keeps it open.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problems(404, 422),
  },
})
