import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import * as routes from '../../openapi/routes/account.ts'
import { BlockList, maxProfilePictureBytes, Profile } from '../../schema/api/account.ts'
import type { AppEnv } from '../context.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { askSession, findSession } from './find-session.ts'
import { requireJpeg } from './message-files.ts'

/** The account's own profile and whom it blocks. Mounted behind `sessionRoutes`, which asks for the key. */
export const accountRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

const reading = { middleware: requireScope('sessions:read') }
const writing = { middleware: requireScope('sessions:write') }

accountRoutes.openapi({ ...routes.getProfile, ...reading }, async (context) => {
  const { idSession } = context.req.valid('param')
  return context.json(Profile.parse(await askSession(context, idSession, { kind: 'readProfile' })), 200)
})

accountRoutes.openapi({ ...routes.updateProfile, ...writing }, async (context) => {
  const { idSession } = context.req.valid('param')
  const changes = context.req.valid('json')
  await findSession(context, idSession)
  if (changes.idFile) await requireJpeg(context, changes.idFile, 'idFile', maxProfilePictureBytes)
  const question = { kind: 'updateProfile', ...changes } as const
  return context.json(Profile.parse(await askSession(context, idSession, question)), 200)
})

accountRoutes.openapi({ ...routes.listBlocked, ...reading }, async (context) => {
  const { idSession } = context.req.valid('param')
  return context.json(BlockList.parse(await askSession(context, idSession, { kind: 'listBlocked' })), 200)
})

async function block(context: Context<AppEnv>, idSession: string, jid: string, isBlocked: boolean) {
  await askSession(context, idSession, { kind: 'block', jid, isBlocked })
  return context.body(null, 204)
}

accountRoutes.openapi({ ...routes.blockPerson, ...writing }, (context) => {
  const { idSession, jid } = context.req.valid('param')
  return block(context, idSession, jid, true)
})

accountRoutes.openapi({ ...routes.unblockPerson, ...writing }, (context) => {
  const { idSession, jid } = context.req.valid('param')
  return block(context, idSession, jid, false)
})
