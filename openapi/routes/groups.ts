import { createRoute, z } from '@hono/zod-openapi'
import {
  ChangeParticipants,
  CreateGroup,
  Group,
  GroupInvite,
  GroupJid,
  GroupList,
  JoinedGroup,
  JoinGroup,
  ParticipantResults,
  UpdateGroup,
} from '../../schema/api/group.ts'
import { IdempotencyHeader } from '../../schema/api/common.ts'
import { IdSession } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Groups'], security: tenantKey }
const session = z.object({ idSession: IdSession })
const group = session.extend({ jid: GroupJid })
const path = '/v1/sessions/{idSession}/groups'
const refusals = problems(404, 409, 422, 429, 503)
const bodyRefusals = problems(400, 404, 409, 413, 415, 422, 429, 503)

export const listGroups = createRoute({
  ...common,
  method: 'get',
  path,
  operationId: 'listGroups',
  summary: 'List the groups that the account is in',
  description:
    'Asked of WhatsApp each time, all at once. People and description are in each group’s own answer.',
  request: { params: session },
  responses: { 200: json(GroupList, 'By JID.'), ...refusals },
})

export const createGroup = createRoute({
  ...common,
  method: 'post',
  path,
  operationId: 'createGroup',
  summary: 'Create a group',
  description:
    'Done at once or not at all. Under the same `Idempotency-Key` it is made once, and a repeat reads it; when WhatsApp’s answer was lost, a repeat is 409 `outcomeUnknown`. Without a key, look after a 503 whether it is there before you repeat it. Who does not let everybody add them is missing in the answer: send them an invitation.',
  request: { params: session, headers: IdempotencyHeader, body: body(CreateGroup) },
  responses: { 201: json(Group, 'The new group.'), ...bodyRefusals },
})

export const joinGroup = createRoute({
  ...common,
  method: 'post',
  path: `${path}/join`,
  operationId: 'joinGroup',
  summary: 'Join a group by its invitation',
  request: { params: session, body: body(JoinGroup) },
  responses: { 200: json(JoinedGroup, 'WhatsApp took the invitation.'), ...bodyRefusals },
})

export const getGroup = createRoute({
  ...common,
  method: 'get',
  path: `${path}/{jid}`,
  operationId: 'getGroup',
  summary: 'Read a group',
  request: { params: group },
  responses: { 200: json(Group, 'The group.'), ...refusals },
})

export const updateGroup = createRoute({
  ...common,
  method: 'patch',
  path: `${path}/{jid}`,
  operationId: 'updateGroup',
  summary: 'Change subject, description or settings of a group',
  description: 'One after the other; when one is refused, those before it are done.',
  request: { params: group, body: body(UpdateGroup) },
  responses: { 200: json(Group, 'The group afterwards.'), ...bodyRefusals },
})

export const leaveGroup = createRoute({
  ...common,
  method: 'delete',
  path: `${path}/{jid}`,
  operationId: 'leaveGroup',
  summary: 'Leave a group',
  description: 'WhatsApp has no way to delete a group: the others stay in it.',
  request: { params: group },
  responses: { 204: { description: 'The account is out.' }, ...refusals },
})

export const changeParticipants = createRoute({
  ...common,
  method: 'post',
  path: `${path}/{jid}/participants`,
  operationId: 'changeParticipants',
  summary: 'Add, remove, promote or demote people',
  request: { params: group, body: body(ChangeParticipants) },
  responses: { 200: json(ParticipantResults, 'What became of each.'), ...bodyRefusals },
})

export const getInvite = createRoute({
  ...common,
  method: 'get',
  path: `${path}/{jid}/invite`,
  operationId: 'getInvite',
  summary: 'Read the invitation of a group',
  request: { params: group },
  responses: { 200: json(GroupInvite, 'The invitation.'), ...refusals },
})

export const renewInvite = createRoute({
  ...common,
  method: 'post',
  path: `${path}/{jid}/invite`,
  operationId: 'renewInvite',
  summary: 'Revoke the invitation of a group and make another',
  request: { params: group },
  responses: { 200: json(GroupInvite, 'The new one; the old one is void.'), ...refusals },
})
