import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/sessions.ts'
import type { SessionView as SessionBody, UpdateSession } from '../../schema/api/session.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { readOrigin } from '../idempotency.ts'
import { isoTime, isoTimeOrNull } from '../iso-time.ts'
import { requireKey, requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import type { SessionSettings } from '../session-settings.ts'
import type { SessionView } from '../session/view.ts'
import { findSession, tenantOf } from './find-session.ts'
import { answerQr } from './qr.ts'

/** Sessions of a tenant: create, read, start, stop, link. */
export const sessionRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

sessionRoutes.use('/v1/sessions/*', requireKey())

const reading = { middleware: requireScope('sessions:read') }
const writing = { middleware: requireScope('sessions:write') }

function show({ isDestroying: _, ...session }: SessionView): SessionBody {
  const { createdAt, connectedAt } = session
  return { ...session, createdAt: isoTime(createdAt), connectedAt: isoTimeOrNull(connectedAt) }
}

/** The settings among what was given. */
function settingsOf(given: UpdateSession): Partial<SessionSettings> {
  const { pacing, history, includeStatus, includeNewsletters } = given
  const settings = { pacing, history, includeStatus, includeNewsletters }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

sessionRoutes.openapi({ ...routes.createSession, ...writing }, async (context) => {
  const request = context.req.valid('json')
  const { idTenant } = context.get('caller')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('ses', { idTenant, key, request })
  const made = await tenantOf(context).createSession({ ...request, settings: settingsOf(request), origin })
  return context.json(show(unwrap(made).session), 201)
})

sessionRoutes.openapi({ ...routes.listSessions, ...reading }, async (context) => {
  const { sessions, cursor } = unwrap(await tenantOf(context).listSessions(context.req.valid('query')))
  return context.json({ sessions: sessions.map(show), cursor }, 200)
})

sessionRoutes.openapi({ ...routes.getSession, ...reading }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  return context.json(show(unwrap(await session.describe()).session), 200)
})

sessionRoutes.openapi({ ...routes.updateSession, ...writing }, async (context) => {
  const { idSession } = context.req.valid('param')
  const request = context.req.valid('json')
  unwrap(await tenantOf(context).updateSession(idSession, { ...request, settings: settingsOf(request) }))
  const session = await findSession(context, idSession)
  return context.json(show(unwrap(await session.describe()).session), 200)
})

sessionRoutes.openapi({ ...routes.deleteSession, ...writing }, async (context) => {
  unwrap(await tenantOf(context).deleteSession(context.req.valid('param').idSession))
  return context.body(null, 204)
})

sessionRoutes.openapi({ ...routes.startSession, ...writing }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  return context.json(show(unwrap(await session.start()).session), 200)
})

sessionRoutes.openapi({ ...routes.stopSession, ...writing }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  return context.json(show(unwrap(await session.stop()).session), 200)
})

sessionRoutes.openapi({ ...routes.logoutSession, ...writing }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  return context.json(show(unwrap(await session.logout()).session), 200)
})

sessionRoutes.openapi({ ...routes.getQr, ...reading }, async (context) => {
  const session = await findSession(context, context.req.valid('param').idSession)
  const { qr, expiresAt } = unwrap(await session.qr())
  return answerQr(context, qr, expiresAt)
})
