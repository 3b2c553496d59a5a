import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/contacts.ts'
import { ContactChecks } from '../../schema/api/contact.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { findSession } from './find-session.ts'

/** What WhatsApp knows of people. Mounted behind `sessionRoutes`, which asks for the key. */
export const contactRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

contactRoutes.openapi(
  { ...routes.checkContacts, middleware: requireScope('messages:write') },
  async (context) => {
    const session = await findSession(context, context.req.valid('param').idSession)
    const { numbers } = context.req.valid('json')
    const { result } = unwrap(await session.ask({ kind: 'checkNumbers', numbers }))
    return context.json(ContactChecks.parse(result), 200)
  },
)
