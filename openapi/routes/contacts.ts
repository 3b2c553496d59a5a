import { createRoute, z } from '@hono/zod-openapi'
import { CheckContacts, ContactChecks } from '../../schema/api/contact.ts'
import { IdSession } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

export const checkContacts = createRoute({
  tags: ['Contacts'],
  security: tenantKey,
  method: 'post',
  path: '/v1/sessions/{idSession}/contacts/check',
  operationId: 'checkContacts',
  summary: 'Ask WhatsApp whether numbers are on it',
  description:
    'Answered by WhatsApp itself, through the session. Ask for few: WhatsApp distrusts those who ask for many.',
  request: { params: z.object({ idSession: IdSession }), body: body(CheckContacts) },
  responses: {
    200: json(ContactChecks, 'One for each number, in their order.'),
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
})
