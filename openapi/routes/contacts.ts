import { createRoute, z } from '@hono/zod-openapi'
import {
  CheckContacts,
  ContactChecks,
  ContactDetail,
  ContactPage,
  ContactQuery,
} from '../../schema/api/contact.ts'
import { MarkRead, maxPresenceSubscriptions, SetPresence, SubscribePresence } from '../../schema/api/sign.ts'
import { IdSession, Jid } from '../../schema/id.ts'
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

export const listContacts = createRoute({
  tags: ['Contacts'],
  security: tenantKey,
  method: 'get',
  path: '/v1/sessions/{idSession}/contacts',
  operationId: 'listContacts',
  summary: 'List the people whom a session knows',
  description:
    'Everybody of whom messages, groups or the address book of the account’s phone told, by address. A LID whose number became known is one contact with both.',
  request: { params: z.object({ idSession: IdSession }), query: ContactQuery },
  responses: { 200: json(ContactPage, 'One page.'), ...problems(404, 422) },
})

export const getContact = createRoute({
  tags: ['Contacts'],
  security: tenantKey,
  method: 'get',
  path: '/v1/sessions/{idSession}/contacts/{jid}',
  operationId: 'getContact',
  summary: 'Read somebody’s addresses, name and picture',
  description: 'By the JID of the number or by the LID. The picture is asked of WhatsApp each time.',
  request: { params: z.object({ idSession: IdSession, jid: Jid }) },
  responses: { 200: json(ContactDetail, 'The contact.'), ...problems(404) },
})

const told = { 204: { description: 'WhatsApp was told.' }, ...problems(400, 404, 409, 413, 415, 422, 503) }

export const markRead = createRoute({
  tags: ['Messages'],
  security: tenantKey,
  method: 'post',
  path: '/v1/sessions/{idSession}/read',
  operationId: 'markRead',
  summary: 'Mark messages as read',
  description:
    'Their writers see it, unless the account’s privacy keeps it from them. Done at once or not at all.',
  request: { params: z.object({ idSession: IdSession }), body: body(MarkRead) },
  responses: told,
})

export const setPresence = createRoute({
  tags: ['Messages'],
  security: tenantKey,
  method: 'post',
  path: '/v1/sessions/{idSession}/presence',
  operationId: 'setPresence',
  summary: 'Show typing, recording or being online',
  description: 'WhatsApp forgets typing by itself after some seconds. Done at once or not at all.',
  request: { params: z.object({ idSession: IdSession }), body: body(SetPresence) },
  responses: told,
})

export const subscribePresence = createRoute({
  tags: ['Contacts'],
  security: tenantKey,
  method: 'post',
  path: '/v1/sessions/{idSession}/presence/subscribe',
  operationId: 'subscribePresence',
  summary: 'Be told when somebody is online or typing',
  description: `From now on \`presenceUpdate\` events tell it of this chat, also after a new connection. WhatsApp tells it only while the account itself is online: set its presence to \`available\` first. At most ${maxPresenceSubscriptions} chats of a session; beyond, the oldest is forgotten.`,
  request: { params: z.object({ idSession: IdSession }), body: body(SubscribePresence) },
  responses: told,
})
