import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/events.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { isoTime } from '../iso-time.ts'
import { isStillAuthorized, requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { streamEvents } from './event-stream.ts'
import { findSession } from './find-session.ts'

/** The log of a session. Mounted behind `sessionRoutes`, which asks for the key. */
export const eventRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

const reading = { middleware: requireScope('events:read') }

eventRoutes.openapi({ ...routes.listEvents, ...reading }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  const { lines, nextAfter, hasMore } = unwrap(await session.listEvents(context.req.valid('query')))
  const text = `{"events":[${lines.join(',')}],"nextAfter":${nextAfter},"hasMore":${hasMore}}`
  return context.body(text, 200, { 'content-type': 'application/json' }) as never
})

eventRoutes.openapi({ ...routes.streamEvents, ...reading }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  const { after, types } = context.req.valid('query')
  const begin = context.req.valid('header')['last-event-id'] ?? after ?? (await session.head()).head
  const mayRead = () => isStillAuthorized(context)
  return context.body(streamEvents(session, begin, types, mayRead), 200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  })
})

eventRoutes.openapi({ ...routes.listInvalidEvents, ...reading }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  const { events } = unwrap(await session.listInvalid(context.req.valid('query')))
  return context.json({ events: events.map((event) => ({ ...event, at: isoTime(event.at) })) }, 200)
})
