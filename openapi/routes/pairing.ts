import { createRoute, z } from '@hono/zod-openapi'
import { PairingCode, RequestPairingCode } from '../../schema/api/pairing.ts'
import { IdSession } from '../../schema/id.ts'
import { body, json, problems, tenantKey } from './respond.ts'

export const requestPairingCode = createRoute({
  tags: ['Sessions'],
  security: tenantKey,
  method: 'post',
  path: '/v1/sessions/{idSession}/pairing-code',
  operationId: 'requestPairingCode',
  summary: 'Link a session by a code instead of a QR',
  description:
    'For a session that waits to be linked (`starting` or `qr`). The phone with this number shows a notice, or its owner opens *Linked devices, Link a device, Link with phone number instead*, and types the code. Each request gives a new code and a new QR; those before it end. WhatsApp allows few requests in a short time.',
  request: { params: z.object({ idSession: IdSession }), body: body(RequestPairingCode) },
  responses: {
    200: json(PairingCode, 'The code to type.'),
    ...problems(400, 404, 409, 413, 415, 422, 429, 503),
  },
})
