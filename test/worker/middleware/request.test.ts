import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../worker/app.ts'
import { admin, anybody, makeCustomer, problem } from '../support/api-client.ts'

type Line = Record<string, unknown>

/** What is logged from now on, line by line. */
function watchLog(): Line[] {
  const lines: Line[] = []
  for (const method of ['log', 'error'] as const)
    vi.spyOn(console, method).mockImplementation((text: string) => {
      lines.push(JSON.parse(text) as Line)
    })
  return lines
}

const loud = { ...env, LOG_LEVEL: 'info' }

afterEach(() => vi.restoreAllMocks())

describe('a request', () => {
  it('is named by its caller, or by ChatLink', async () => {
    const named = await anybody.get('/healthz', { 'x-request-id': 'call-0815' })
    expect(named.headers.get('x-request-id')).toBe('call-0815')
    const unnamed = await anybody.get('/healthz')
    expect(unnamed.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it.each(['two words', 'a'.repeat(256), '{"level":"error"}'])('is not named %s', async (name) => {
    const { headers } = await anybody.get('/healthz', { 'x-request-id': name })
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('that fails tells its name in the problem', async () => {
    const answer = await anybody.get('/v1/tenants', { 'x-request-id': 'call-0815' })
    expect(answer.body['idRequest']).toBe('call-0815')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('x-request-id')).toBe('call-0815')
  })

  it('is logged in one line, by its route, without its query or its credential', async () => {
    const customer = await makeCustomer()
    const lines = watchLog()
    const headers = { authorization: `Bearer ${customer.token}`, 'x-request-id': 'call-0815' }
    await app.request('/v1/sessions?cursor=4711', { headers }, loud)
    expect(lines).toEqual([
      {
        level: 'info',
        at: expect.stringMatching(/Z$/),
        idRequest: 'call-0815',
        method: 'GET',
        route: '/v1/sessions',
        status: 200,
        durationMs: expect.any(Number),
        idTenant: customer.idTenant,
      },
    ])
  })

  it.each([
    ['/v1/tenants', 401, 'unauthorized'],
    ['/nowhere', 404, 'notFound'],
  ])('to %s that is refused is logged with its code', async (path, status, code) => {
    const lines = watchLog()
    await app.request(path, {}, loud)
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', status, code, method: 'GET' })])
  })

  it('is not logged below the level that is wanted', async () => {
    const lines = watchLog()
    const call = (path: string) => app.request(path, {}, { ...env, LOG_LEVEL: 'warn' })
    await call('/healthz')
    await call('/nowhere')
    expect(lines).toEqual([expect.objectContaining({ status: 404 })])
  })

  it('that breaks something answers a constant problem and logs the cause', async () => {
    const lines = watchLog()
    const broken = { ...loud, FLEET: { getByName: () => fail('the disk is on fire') } }
    const authorization = `Bearer ${admin.token}`
    const response = await app.request('/v1/tenants', { headers: { authorization } }, broken)
    const body = await response.json<Line>()
    expect({ status: response.status, body }).toMatchObject(problem(500, 'internal'))
    expect(JSON.stringify(body)).not.toContain('fire')
    expect(lines).toEqual([
      expect.objectContaining({ level: 'error', error: 'the disk is on fire', idRequest: body['idRequest'] }),
      expect.objectContaining({ level: 'error', status: 500, idRequest: body['idRequest'] }),
    ])
    expect(JSON.stringify(lines)).not.toContain(admin.token)
  })
})

describe('a wrong configuration', () => {
  it('is named in the log and not in the answer', async () => {
    const lines = watchLog()
    const wrong = { ...env, CHATLINK_ADMIN_TOKEN: 'short' }
    const headers = { authorization: 'Bearer short' }
    const response = await app.request('/v1/tenants', { headers }, wrong)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('CHATLINK')
    expect(JSON.stringify(lines)).toContain('CHATLINK_ADMIN_TOKEN: use at least 16 characters')
  })
})

describe('an unknown address', () => {
  it.each(['/nowhere', '/v1', '/v1/unknown', '/assets/nothing.js', '/docs/x'])(
    'such as %s is not found',
    async (path) => {
      expect(await anybody.get(path)).toMatchObject(problem(404, 'notFound'))
    },
  )

  it.each([
    ['DELETE', '/healthz', 'GET'],
    ['POST', '/openapi.json', 'GET'],
  ])('%s %s tells what is allowed there', async (method, path, allowed) => {
    const answer = await anybody.call(method, path)
    expect(answer).toMatchObject(problem(405, 'methodNotAllowed'))
    expect(answer.headers.get('allow')?.split(', ')).toContain(allowed)
  })

  it('of a tenant tells what is allowed there too', async () => {
    const answer = await (await makeCustomer()).call('PUT', '/v1/sessions/support')
    expect(answer).toMatchObject(problem(405, 'methodNotAllowed'))
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PATCH, DELETE')
  })
})

describe('every answer', () => {
  it.each(['/healthz', '/docs', '/openapi.json', '/v1/tenants', '/nowhere'])(
    'such as that of %s keeps browsers from sniffing and framing',
    async (path) => {
      const { headers } = await anybody.get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    },
  )
})

function fail(text: string): never {
  throw new Error(text)
}

describe('a webhook that ChatLink has sent', () => {
  it('is refused at its own door, whatever key it carries', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support', start: false })
    const call = (headers: Record<string, string>) =>
      customer.call('POST', '/v1/sessions/support/start', { headers })
    const own = { 'user-agent': 'ChatLink/9.9.9', 'webhook-id': 'evt_3fT8yKx1PqLm5nRz0vBcWd' }
    expect(await call(own)).toMatchObject(problem(403, 'ownWebhook'))
    expect((await customer.get('/v1/sessions/support')).body).toMatchObject({ state: 'stopped' })
    expect((await call({ 'user-agent': 'ChatLink/9.9.9' })).status).toBe(200)
  })
})
