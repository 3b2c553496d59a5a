import { createRoute, z } from '@hono/zod-openapi'
import { BlockList, Profile, UpdateProfile } from '../../schema/api/account.ts'
import { IdSession, Jid } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Account'], security: tenantKey }
const session = z.object({ idSession: IdSession })
const person = session.extend({ jid: Jid })
const path = '/v1/sessions/{idSession}'
const refusals = problems(404, 409, 422, 429, 503)

export const getProfile = createRoute({
  ...common,
  method: 'get',
  path: `${path}/profile`,
  operationId: 'getProfile',
  summary: 'Read the account’s own profile',
  request: { params: session },
  responses: { 200: json(Profile, 'Name and picture.'), ...refusals },
})

export const updateProfile = createRoute({
  ...common,
  method: 'put',
  path: `${path}/profile`,
  operationId: 'updateProfile',
  summary: 'Change the account’s name or picture',
  description: 'What is not named stays. The name first; when the picture is refused, it is changed already.',
  request: { params: session, body: body(UpdateProfile) },
  responses: {
    200: json(Profile, 'The profile afterwards.'),
    ...problems(400, 404, 409, 413, 415, 422, 429, 503),
  },
})

export const listBlocked = createRoute({
  ...common,
  method: 'get',
  path: `${path}/blocklist`,
  operationId: 'listBlocked',
  summary: 'List whom the account has blocked',
  request: { params: session },
  responses: { 200: json(BlockList, 'All of them.'), ...refusals },
})

const blocking = (method: 'put' | 'delete', operationId: string, summary: string) =>
  createRoute({
    ...common,
    method,
    path: `${path}/blocklist/{jid}`,
    operationId,
    summary,
    description: 'By the JID of the number or by the LID. Repeated it changes nothing.',
    request: { params: person },
    responses: { 204: { description: 'WhatsApp has done it.' }, ...refusals },
  })

export const blockPerson = blocking('put', 'blockPerson', 'Block somebody')
export const unblockPerson = blocking('delete', 'unblockPerson', 'Unblock somebody')
