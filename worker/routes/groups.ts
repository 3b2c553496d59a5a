import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/groups.ts'
import { Group, GroupInvite, GroupList, JoinedGroup, ParticipantResults } from '../../schema/api/group.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { readOrigin } from '../idempotency.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import type { MadeGroup } from '../session/group-maker.ts'
import { askSession, findSession } from './find-session.ts'

/** Groups are WhatsApp's own: each request is a question to it. Mounted behind `sessionRoutes`, which asks for the key. */
export const groupRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

const reading = { middleware: requireScope('messages:read') }
const writing = { middleware: requireScope('messages:write') }

groupRoutes.openapi({ ...routes.listGroups, ...reading }, async (context) => {
  const { idSession } = context.req.valid('param')
  return context.json(GroupList.parse(await askSession(context, idSession, { kind: 'listGroups' })), 200)
})

groupRoutes.openapi({ ...routes.createGroup, ...writing }, async (context) => {
  const { idSession } = context.req.valid('param')
  const request = context.req.valid('json')
  const question = { kind: 'createGroup', ...request } as const
  const { idTenant } = context.get('caller')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('grp', { idTenant, key, request })
  if (!origin) return context.json(Group.parse(await askSession(context, idSession, question)), 201)
  const session = await findSession(context, idSession)
  const made = (await session.makeGroup(question, origin)) as MadeGroup
  return context.json(Group.parse(unwrap(made).result), 201)
})

groupRoutes.openapi({ ...routes.joinGroup, ...writing }, async (context) => {
  const { idSession } = context.req.valid('param')
  const question = { kind: 'joinGroup', ...context.req.valid('json') } as const
  return context.json(JoinedGroup.parse(await askSession(context, idSession, question)), 200)
})

groupRoutes.openapi({ ...routes.getGroup, ...reading }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  return context.json(Group.parse(await askSession(context, idSession, { kind: 'readGroup', jid })), 200)
})

groupRoutes.openapi({ ...routes.updateGroup, ...writing }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  const question = { kind: 'updateGroup', jid, ...context.req.valid('json') } as const
  return context.json(Group.parse(await askSession(context, idSession, question)), 200)
})

groupRoutes.openapi({ ...routes.leaveGroup, ...writing }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  await askSession(context, idSession, { kind: 'leaveGroup', jid })
  return context.body(null, 204)
})

groupRoutes.openapi({ ...routes.changeParticipants, ...writing }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  const question = { kind: 'changeParticipants', jid, ...context.req.valid('json') } as const
  return context.json(ParticipantResults.parse(await askSession(context, idSession, question)), 200)
})

groupRoutes.openapi({ ...routes.getInvite, ...reading }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  const question = { kind: 'groupInvite', jid, isRenewed: false } as const
  return context.json(GroupInvite.parse(await askSession(context, idSession, question)), 200)
})

groupRoutes.openapi({ ...routes.renewInvite, ...writing }, async (context) => {
  const { idSession, jid } = context.req.valid('param')
  const question = { kind: 'groupInvite', jid, isRenewed: true } as const
  return context.json(GroupInvite.parse(await askSession(context, idSession, question)), 200)
})
