import { OpenAPIHono } from '@hono/zod-openapi'
import * as routes from '../../openapi/routes/tenants.ts'
import type { Scope } from '../../schema/api/tenant.ts'
import { unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { openFileStore } from '../files/file-store.ts'
import { readOrigin } from '../idempotency.ts'
import { requireToken } from '../middleware/authenticate.ts'
import { refuseInvalid } from '../problem.ts'
import { isoTime } from '../iso-time.ts'

/** Tenants, their API keys, and connectors: for the holder of the admin token. */
export const installationRoutes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

installationRoutes.use('/v1/tenants/*', requireToken('CHATLINK_ADMIN_TOKEN'))
installationRoutes.use('/metrics', requireToken('CHATLINK_ADMIN_TOKEN'))
installationRoutes.use('/v1/connectors', requireToken('CHATLINK_ADMIN_TOKEN'))

/** An entry with its time as the API shows it. */
function dated<Entry extends { createdAt: number }>(
  entry: Entry,
): Omit<Entry, 'createdAt'> & { createdAt: string } {
  return { ...entry, createdAt: isoTime(entry.createdAt) }
}

installationRoutes.openapi(routes.createTenant, async (context) => {
  const request = context.req.valid('json')
  const key = context.req.valid('header')['idempotency-key']
  const origin = await readOrigin('ten', { idTenant: '', key, request })
  const { tenant } = unwrap(await context.env.FLEET.getByName('fleet').createTenant(request, origin?.id))
  return context.json(dated(tenant), 201)
})

installationRoutes.openapi(routes.listTenants, async (context) => {
  const { limit, cursor } = context.req.valid('query')
  const page = await context.env.FLEET.getByName('fleet').listTenants({ limit, cursor: cursor ?? null })
  return context.json({ tenants: page.tenants.map(dated), cursor: page.cursor }, 200)
})

installationRoutes.openapi(routes.getTenant, async (context) => {
  const { idTenant } = context.req.valid('param')
  const { tenant } = unwrap(await context.env.FLEET.getByName('fleet').getTenant(idTenant))
  return context.json(dated(tenant), 200)
})

installationRoutes.openapi(routes.deleteTenant, async (context) => {
  const { idTenant } = context.req.valid('param')
  unwrap(await context.env.FLEET.getByName('fleet').deleteTenant(idTenant))
  await openFileStore(context.env.FILES).deleteAll(idTenant)
  return context.body(null, 204)
})

installationRoutes.openapi(routes.createKey, async (context) => {
  const { idTenant } = context.req.valid('param')
  const request = context.req.valid('json')
  const origin = await readOrigin('key', {
    idTenant,
    key: context.req.valid('header')['idempotency-key'],
    request,
  })
  const made = await context.env.TENANT.getByName(idTenant).createKey(request, origin?.id)
  const { key, view } = unwrap(made)
  const { idKey, name, createdAt } = view
  const { scopes } = request
  return context.json({ idKey, key, name, scopes, createdAt: isoTime(createdAt) }, 201)
})

installationRoutes.openapi(routes.listKeys, async (context) => {
  const tenant = context.env.TENANT.getByName(context.req.valid('param').idTenant)
  const { keys, cursor } = unwrap(await tenant.listKeys(context.req.valid('query')))
  return context.json(
    { keys: keys.map((key) => dated({ ...key, scopes: key.scopes as Scope[] })), cursor },
    200,
  )
})

installationRoutes.openapi(routes.deleteKey, async (context) => {
  const { idTenant, idKey } = context.req.valid('param')
  unwrap(await context.env.TENANT.getByName(idTenant).deleteKey(idKey))
  return context.body(null, 204)
})

installationRoutes.openapi(routes.readMetrics, async (context) => {
  const { text } = await context.env.FLEET.getByName('fleet').metrics()
  return context.text(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
})

installationRoutes.openapi(routes.listConnectors, async (context) => {
  const { connectors, waitingSessions } = await context.env.FLEET.getByName('fleet').listConnectors()
  const shown = connectors.map((connector) => ({
    ...connector,
    connectedAt: isoTime(connector.connectedAt),
    lastBeatAt: isoTime(connector.lastBeatAt),
  }))
  return context.json({ connectors: shown, waitingSessions }, 200)
})
