import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/sessions.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { isoTime, isoTimeOrNull } from '../iso-time.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import type { MessageView } from '../session/view.ts'
import { findSession } from './find-session.ts'
import { forwardOf } from './forward.ts'
import { requireFiles, storeFile } from './message-files.ts'

/** What sessions send, and their logs. Mounted behind `sessionRoutes`, which asks for the key. */
export const messageRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

function show(message: MessageView) {
  const { createdAt, finishedAt } = message
  return { ...message, createdAt: isoTime(createdAt), finishedAt: isoTimeOrNull(finishedAt) }
}

messageRoutes.openapi(
  { ...routes.sendMessage, middleware: requireScope('messages:write') },
  async (context) => {
    const { idSession } = context.req.valid('param')
    const session = await findSession(context, idSession)
    const asked = context.req.valid('json')
    const key = context.req.valid('header')['idempotency-key']
    const isForward = asked.messageType === 'forwardedMessage'
    const meant = isForward
      ? forwardOf(JSON.parse(unwrap(await session.findEvent(asked.idEvent)).line), asked)
      : asked
    await requireFiles(context, meant, isForward ? 'idEvent' : 'idFile')
    const outgoing = await storeFile(context, meant, { idSession, key })
    const { message } = unwrap(
      await session.sendMessage(outgoing, {
        waitSeconds: context.req.valid('query').wait,
        idempotencyKey: key,
      }),
    )
    if (message.status === 'queued') return context.json(show(message), 202)
    // The recipient's phone may be quicker than this answer, which tells of WhatsApp's acknowledgement alone.
    const status = message.status === 'failed' ? 'failed' : 'sent'
    return context.json(show({ ...message, status }), 200)
  },
)

messageRoutes.openapi(
  { ...routes.getMessage, middleware: requireScope('messages:read') },
  async (context) => {
    const { idSession, idMessage } = context.req.valid('param')
    const session = await findSession(context, idSession)
    return context.json(show(unwrap(await session.getMessage(idMessage)).message), 200)
  },
)

messageRoutes.openapi(
  { ...routes.listMessages, middleware: requireScope('messages:read') },
  async (context) => {
    const { limit, cursor } = context.req.valid('query')
    const session = await findSession(context, context.req.valid('param').idSession)
    const page = unwrap(await session.listQueuedMessages({ limit, cursor }))
    return context.json({ messages: page.messages.map(show), cursor: page.cursor }, 200)
  },
)

messageRoutes.openapi(
  { ...routes.cancelMessage, middleware: requireScope('messages:write') },
  async (context) => {
    const { idSession, idMessage } = context.req.valid('param')
    const session = await findSession(context, idSession)
    unwrap(await session.cancelMessage(idMessage))
    return context.body(null, 204)
  },
)
