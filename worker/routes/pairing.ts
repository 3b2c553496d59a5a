import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/pairing.ts'
import { GivenCode } from '../../schema/api/pairing.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { isoTime } from '../iso-time.ts'
import { requireScope } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { findSession } from './find-session.ts'

/** Linking without a QR. Mounted behind `sessionRoutes`, which asks for the key. */
export const pairingRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

pairingRoutes.openapi(
  { ...routes.requestPairingCode, middleware: requireScope('sessions:write') },
  async (context) => {
    const session = await findSession(context, context.req.valid('param').idSession)
    const { phoneNumber } = context.req.valid('json')
    const { result } = unwrap(await session.ask({ kind: 'pairingCode', phoneNumber }))
    const { pairingCode, expiresAt } = GivenCode.parse(result)
    return context.json({ pairingCode, expiresAt: isoTime(expiresAt) }, 200)
  },
)
