import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/contacts.ts'
import { ContactChecks, ProfilePicture } from '../../schema/api/contact.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { findSession } from './find-session.ts'

/** What WhatsApp is asked or told at once, outside the queue of messages. Mounted behind `sessionRoutes`, which asks for the key. */
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

const reading = { middleware: requireScope('messages:read') }

contactRoutes.openapi({ ...routes.listContacts, ...reading }, async (context) => {
  const { limit, cursor } = context.req.valid('query')
  const session = await findSession(context, context.req.valid('param').idSession)
  const page = unwrap(await session.listContacts({ limit, cursor }))
  return context.json({ contacts: page.contacts, cursor: page.cursor }, 200)
})

contactRoutes.openapi({ ...routes.getContact, ...reading }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  const session = await findSession(context, idSession)
  const { contact } = unwrap(await session.getContact(jid))
  const asked = await session.ask({ kind: 'profilePicture', jid: contact.jid })
  const { pictureUrl } = 'result' in asked ? ProfilePicture.parse(asked.result) : { pictureUrl: null }
  return context.json({ ...contact, pictureUrl }, 200)
})

contactRoutes.openapi({ ...routes.markRead, middleware: requireScope('messages:write') }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  unwrap(await session.ask({ kind: 'markRead', ...context.req.valid('json') }))
  return context.body(null, 204)
})

contactRoutes.openapi(
  { ...routes.setPresence, middleware: requireScope('messages:write') },
  async (context) => {
    const session = await findSession(context, context.req.valid('param').idSession)
    unwrap(await session.ask({ kind: 'setPresence', ...context.req.valid('json') }))
    return context.body(null, 204)
  },
)

contactRoutes.openapi(
  { ...routes.subscribePresence, middleware: requireScope('messages:write') },
  async (context) => {
    const session = await findSession(context, context.req.valid('param').idSession)
    unwrap(await session.ask({ kind: 'subscribePresence', ...context.req.valid('json') }))
    return context.body(null, 204)
  },
)
