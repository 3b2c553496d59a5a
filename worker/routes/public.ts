import { OpenAPIHono } from '@hono/zod-openapi'
import document from '../../openapi/openapi.json' with { type: 'json' }
import * as routes from '../../openapi/routes/public.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { coreEvents, events, type MessageType } from '../../schema/event/event.ts'
import type { AppEnv } from '../context.ts'
import { requireKey } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'

/** What anybody may read: the contract, its documentation, and whether the Worker is up. */
export const publicRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

publicRoutes.openapi(routes.getHealth, (context) =>
  context.json({ status: 'ok', version: packageJson.version }, 200),
)

publicRoutes.get('/openapi.json', (context) => context.json(document))

publicRoutes.get('/', (context) => context.redirect('/docs'))

publicRoutes.openapi({ ...routes.listEventTypes, middleware: requireKey() }, (context) => {
  const eventTypes = (Object.keys(events) as MessageType[]).map((messageType) => {
    const meta = events[messageType].meta() ?? {}
    return {
      messageType,
      isOptIn: !(messageType in coreEvents),
      description: { en: meta.description ?? '', es: String(meta['x-description-es']) },
      example: (meta['examples'] as Record<string, unknown>[])[0]!,
    }
  })
  return context.json({ eventTypes }, 200)
})
