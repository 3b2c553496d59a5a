import { describe, expect, it } from 'vitest'
import {
  admin,
  anybody,
  ApiClient,
  connector,
  makeCustomer,
  makeKey,
  problem,
} from '../support/api-client.ts'
import { apiRoutes } from '../../../openapi/api-routes.ts'
import { exampleOf, fillPath, needs } from '../support/api-contract.ts'

const called = (credential: 'apiKey' | 'adminToken') =>
  apiRoutes
    .filter((route) => needs(route, credential))
    .map(({ method, path }) => [method.toUpperCase(), path] as const)

const unauthorized = problem(401, 'unauthorized')
const wrongKeys = [
  ['a key of no tenant', 'ck_nobodynobodynobodynob_0123456789012345678901234567890123456789'],
  ['something else', 'something-else'],
  ['the admin token', admin.token!],
  ['the connector token', connector.token!],
] as const

const outgoing = { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Hello' }

/** A request that is right in all but the things that it names. */
function bodyFor(method: string, path: string): { json?: unknown } {
  if (path.endsWith('/messages') && method === 'POST') return { json: outgoing }
  const json = exampleOf(method, path)
  return json === undefined ? {} : { json }
}

describe('a route of tenants', () => {
  it.each(called('apiKey'))('answers 401 without a credential: %s %s', async (method, path) => {
    const answer = await anybody.call(method, fillPath(path))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  it.each(called('apiKey'))('answers 401 to a key that does not exist: %s %s', async (method, path) => {
    const { idTenant } = await makeCustomer()
    const guess = new ApiClient(`ck_${idTenant.slice(4)}_${'0'.repeat(40)}`)
    expect((await guess.call(method, fillPath(path))).status).toBe(401)
  })

  const scoped = called('apiKey').filter(([, path]) => path !== '/v1/event-types')
  it.each(scoped)('answers 403 to a key without the scope: %s %s', async (method, path) => {
    const { idTenant } = await makeCustomer()
    const other = path.startsWith('/v1/subscriptions') ? 'files:read' : 'subscriptions:read'
    const key = await makeKey(idTenant, [other])
    expect((await key.call(method, fillPath(path))).status).toBe(403)
  })

  const named = called('apiKey').filter(([, path]) => path.includes('{'))
  it.each(named)('answers 404 for what nobody has: %s %s', async (method, path) => {
    const customer = await makeCustomer()
    expect((await customer.call(method, fillPath(path), bodyFor(method, path))).status).toBe(404)
  })
})

describe('a route of the installation', () => {
  it.each(called('adminToken'))('answers 401 without a credential: %s %s', async (method, path) => {
    const answer = await anybody.call(method, fillPath(path))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  it.each(called('adminToken'))('answers 401 to a tenant and to a connector: %s %s', async (method, path) => {
    const customer = await makeCustomer()
    expect((await customer.call(method, fillPath(path))).status).toBe(401)
    expect((await connector.call(method, fillPath(path))).status).toBe(401)
  })

  const named = called('adminToken').filter(([, path]) => path.includes('{'))
  it.each(named)('answers 404 for what nobody has: %s %s', async (method, path) => {
    expect((await admin.call(method, fillPath(path), bodyFor(method, path))).status).toBe(404)
  })
})

describe('a credential', () => {
  it.each(wrongKeys)('that is %s opens no session', async (_title, key) => {
    const answer = await new ApiClient(key).get('/v1/sessions')
    expect(answer).toMatchObject(unauthorized)
    expect(JSON.stringify(answer.body)).not.toContain(key)
  })

  it('of another scheme than Bearer is none', async () => {
    const answer = await anybody.get('/v1/tenants', {
      authorization: `Basic ${btoa(`admin:${admin.token}`)}`,
    })
    expect(answer).toMatchObject(unauthorized)
  })

  it('in the URL is none', async () => {
    const { token } = await makeCustomer()
    expect(await anybody.get(`/v1/event-types?key=${token}`)).toMatchObject(unauthorized)
  })

  it('of which a letter is missing is none', async () => {
    const { token } = await makeCustomer()
    expect(await new ApiClient(token!.slice(0, -1)).get('/v1/event-types')).toMatchObject(unauthorized)
    expect(await new ApiClient(admin.token!.slice(0, -1)).get('/v1/tenants')).toMatchObject(unauthorized)
  })

  it('opens what its scopes say and nothing more', async () => {
    const { idTenant } = await makeCustomer()
    const reader = await makeKey(idTenant, ['sessions:read'])
    expect((await reader.get('/v1/sessions')).status).toBe(200)
    expect(await reader.post('/v1/sessions', {})).toMatchObject(problem(403, 'scopeMissing'))
  })

  it('that was revoked opens nothing any more', async () => {
    const customer = await makeCustomer()
    const { body } = await admin.get<{ keys: { idKey: string }[] }>(
      `/v1/tenants/${customer.idTenant}/api-keys`,
    )
    await admin.delete(`/v1/tenants/${customer.idTenant}/api-keys/${body.keys[0]!.idKey}`)
    expect(await customer.get('/v1/sessions')).toMatchObject(unauthorized)
  })
})
