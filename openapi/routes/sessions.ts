import { createRoute, z } from '@hono/zod-openapi'
import { IdempotencyHeader, PageQuery } from '../../schema/api/common.ts'
import { MessagePage, MessageQuery, MessageView, WaitQuery } from '../../schema/api/message.ts'
import { CreateSession, QrView, SessionPage, SessionView, UpdateSession } from '../../schema/api/session.ts'
import { IdSession } from '../../schema/id.ts'
import { OutgoingMessage } from '../../schema/outgoing.ts'
import { body, json, problems, tenantKey } from './respond.ts'

const common = { tags: ['Sessions'], security: tenantKey }
const session = z.object({ idSession: IdSession })
const path = '/v1/sessions/{idSession}'

export const createSession = createRoute({
  ...common,
  method: 'post',
  path: '/v1/sessions',
  operationId: 'createSession',
  summary: 'Create a session',
  description:
    'Unless `start` is false it is started at once, and its QR comes within seconds. Repeated with the same `idSession` it is a conflict; without one, an `Idempotency-Key` finds what the first request made.',
  request: { headers: IdempotencyHeader, body: body(CreateSession) },
  responses: { 201: json(SessionView, 'The new session.'), ...problems(400, 409, 413, 415, 422) },
})

export const listSessions = createRoute({
  ...common,
  method: 'get',
  path: '/v1/sessions',
  operationId: 'listSessions',
  summary: 'List the sessions',
  request: { query: PageQuery },
  responses: { 200: json(SessionPage, 'Sessions, oldest first.'), ...problems(422) },
})

export const getSession = createRoute({
  ...common,
  method: 'get',
  path,
  operationId: 'getSession',
  summary: 'Read a session',
  request: { params: session },
  responses: { 200: json(SessionView, 'The session.'), ...problems(404) },
})

export const updateSession = createRoute({
  ...common,
  method: 'patch',
  path,
  operationId: 'updateSession',
  summary: 'Change a session',
  request: { params: session, body: body(UpdateSession) },
  responses: { 200: json(SessionView, 'The session.'), ...problems(400, 404, 413, 415, 422) },
})

export const deleteSession = createRoute({
  ...common,
  method: 'delete',
  path,
  operationId: 'deleteSession',
  summary: 'Unlink and delete a session',
  request: { params: session },
  responses: { 204: { description: 'It is gone; `destroyed` is told.' }, ...problems(404) },
})

const action = (name: 'start' | 'stop' | 'logout', summary: string, description: string) =>
  createRoute({
    ...common,
    method: 'post',
    path: `${path}/${name}` as const,
    operationId: `${name}Session`,
    summary,
    description,
    request: { params: session },
    responses: { 200: json(SessionView, 'The session.'), ...problems(404) },
  })

export const startSession = action(
  'start',
  'Start a session',
  'Connects it, or shows a QR when it is not linked.',
)
export const stopSession = action('stop', 'Stop a session', 'It stays linked: started again it needs no QR.')
export const logoutSession = action(
  'logout',
  'Log a session out',
  'Unlinks it from WhatsApp and forgets its keys.',
)

export const getQr = createRoute({
  ...common,
  method: 'get',
  path: `${path}/qr`,
  operationId: 'getQr',
  summary: 'Read the QR of a session',
  description: 'As JSON, or drawn: ask with `Accept: image/png` or `image/svg+xml`.',
  request: { params: session },
  responses: {
    200: {
      description: 'The QR to scan now.',
      content: {
        'application/json': { schema: QrView },
        'image/png': { schema: z.string().meta({ format: 'binary' }) },
        'image/svg+xml': { schema: z.string() },
      },
    },
    ...problems(404, 409),
  },
})

export const sendMessage = createRoute({
  ...common,
  tags: ['Messages'],
  method: 'post',
  path: `${path}/messages`,
  operationId: 'sendMessage',
  summary: 'Send a message',
  description:
    'It is stored before the answer and sent once, however often the connection breaks. Before that a file named by `url` is fetched (60 s at most), and WhatsApp asked about a number that is written to for the first time (10 s at most).',
  request: { params: session, query: WaitQuery, headers: IdempotencyHeader, body: body(OutgoingMessage) },
  responses: {
    200: json(MessageView, 'WhatsApp has it, or has refused it: see `status`.'),
    202: json(MessageView, 'It is stored and will be sent.'),
    ...problems(400, 404, 409, 413, 415, 422, 429),
  },
})

export const getMessage = createRoute({
  ...common,
  tags: ['Messages'],
  method: 'get',
  path: `${path}/messages/{idMessage}`,
  operationId: 'getMessage',
  summary: 'Read what became of a message',
  request: { params: session.extend({ idMessage: z.string().min(1).max(128) }) },
  responses: { 200: json(MessageView, 'The message.'), ...problems(404) },
})

export const listMessages = createRoute({
  ...common,
  tags: ['Messages'],
  method: 'get',
  path: `${path}/messages`,
  operationId: 'listMessages',
  summary: 'List the messages that wait',
  description: 'In the order in which they will go.',
  request: { params: session, query: MessageQuery },
  responses: { 200: json(MessagePage, 'Messages, oldest first.'), ...problems(404, 422) },
})

export const cancelMessage = createRoute({
  ...common,
  tags: ['Messages'],
  method: 'delete',
  path: `${path}/messages/{idMessage}`,
  operationId: 'cancelMessage',
  summary: 'Take a queued message back',
  description: 'Only while it surely has not gone; it is then `failed` as `cancelled`.',
  request: { params: session.extend({ idMessage: z.string().min(1).max(128) }) },
  responses: { 204: { description: 'It will not be sent.' }, ...problems(404, 409) },
})
