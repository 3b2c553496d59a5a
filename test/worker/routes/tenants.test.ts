import { describe, expect, it } from 'vitest'
import { admin, ApiClient, makeCustomer, makeKey, problem } from '../support/api-client.ts'

type Tenant = { idTenant: string; name: string; createdAt: string }
type Page = { tenants: Tenant[]; cursor: string | null }

describe('tenants', () => {
  it('are created and read', async () => {
    const made = await admin.post<Tenant>('/v1/tenants', { name: 'Café Ñandú' })
    expect(made.status).toBe(201)
    expect(made.body).toEqual({
      idTenant: expect.stringMatching(/^ten_/),
      name: 'Café Ñandú',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect((await admin.get(`/v1/tenants/${made.body.idTenant}`)).body).toEqual(made.body)
  })

  it('are listed page by page, each once', async () => {
    const names = ['one', 'two', 'three', 'four', 'five']
    for (const name of names) await admin.post('/v1/tenants', { name })
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body }: { body: Page } = await admin.get<Page>(
        `/v1/tenants?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      )
      expect(body.tenants.length).toBeLessThanOrEqual(2)
      seen.push(...body.tenants.map(({ idTenant }) => idTenant))
      ;({ cursor } = body)
    }
    expect(new Set(seen).size).toBe(seen.length)
    const all = await admin.get<Page>('/v1/tenants?limit=200')
    expect(seen).toEqual(all.body.tenants.map(({ idTenant }) => idTenant))
    expect(all.body.tenants.map(({ name }) => name).slice(-5)).toEqual(names)
  })

  it('are made once under the same Idempotency-Key', async () => {
    const make = (name: string, key: string) =>
      admin.call<Tenant>('POST', '/v1/tenants', { json: { name }, headers: { 'idempotency-key': key } })
    const answers = await Promise.all([make('Once', 't-1'), make('Once', 't-1'), make('Once', 't-1')])
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    for (const { body } of answers) expect(body).toEqual(answers[0].body)
    expect(await make('Other', 't-1')).toMatchObject(problem(422, 'idempotencyConflict'))
    expect((await make('Once', 't-2')).body.idTenant).not.toBe(answers[0].body.idTenant)
    const { body } = await admin.get<Page>('/v1/tenants?limit=200')
    expect(body.tenants.filter(({ name }) => name === 'Once')).toHaveLength(2)
    const { idTenant } = answers[0].body
    expect((await (await makeKey(idTenant, ['*'])).get('/v1/sessions')).status).toBe(200)
  })

  it('are gone with their keys when they are deleted', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    expect((await admin.delete(`/v1/tenants/${customer.idTenant}`)).status).toBe(204)
    expect(await admin.get(`/v1/tenants/${customer.idTenant}`)).toMatchObject(problem(404, 'tenantNotFound'))
    expect((await customer.get('/v1/sessions')).status).toBe(401)
    expect(await admin.delete(`/v1/tenants/${customer.idTenant}`)).toMatchObject(
      problem(404, 'tenantNotFound'),
    )
  })

  it.each(['ten_', 'nonsense', 'ten_..%2F..'])('are not found under %s', async (id) => {
    expect(await admin.get(`/v1/tenants/${id}`)).toMatchObject(problem(404, 'notFound'))
  })
})

describe('API keys', () => {
  type Key = { idKey: string; key: string; name: string | null; scopes: string[] }

  it('are shown once, and open their tenant', async () => {
    const { idTenant } = await makeCustomer()
    const path = `/v1/tenants/${idTenant}/api-keys`
    const { status, body } = await admin.post<Key>(path, { name: 'Shop', scopes: ['sessions:read'] })
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'Shop', scopes: ['sessions:read'] })
    expect((await new ApiClient(body.key).get('/v1/sessions')).status).toBe(200)
    const list = await admin.get<{ keys: Key[] }>(path)
    expect(list.body.keys.map(({ idKey }) => idKey)).toContain(body.idKey)
    expect(JSON.stringify(list.body)).not.toContain(body.key)
  })

  it('are listed page by page, each once', async () => {
    const { idTenant } = await makeCustomer()
    const path = `/v1/tenants/${idTenant}/api-keys`
    for (const name of ['one', 'two', 'three']) await admin.post(path, { name })
    type KeyPage = { keys: Key[]; cursor: string | null }
    const seen: Key[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const { body }: { body: KeyPage } = await admin.get<KeyPage>(
        `${path}?limit=1${cursor ? `&cursor=${cursor}` : ''}`,
      )
      expect(body.keys).toHaveLength(1)
      seen.push(...body.keys)
      ;({ cursor } = body)
    }
    expect(seen.map(({ name }) => name).slice(-3)).toEqual(['one', 'two', 'three'])
    expect((await admin.get<KeyPage>(path)).body).toEqual({ keys: seen, cursor: null })
  })

  it('have all scopes unless told otherwise', async () => {
    const { idTenant } = await makeCustomer()
    const { body } = await admin.post<Key>(`/v1/tenants/${idTenant}/api-keys`, {})
    expect(body).toMatchObject({ name: null, scopes: ['*'] })
  })

  it.each([{ scopes: [] }, { scopes: ['sessions:delete'] }, { scopes: '*' }, { key: 'ck_mine' }])(
    'are not made of %j',
    async (json) => {
      const { idTenant } = await makeCustomer()
      expect(await admin.post(`/v1/tenants/${idTenant}/api-keys`, json)).toMatchObject(
        problem(422, 'validationFailed'),
      )
    },
  )

  it('are made once under the same Idempotency-Key; a repeat names the key, whose secret is kept nowhere', async () => {
    const { idTenant } = await makeCustomer()
    const path = `/v1/tenants/${idTenant}/api-keys`
    const make = () => admin.call<Key>('POST', path, { json: {}, headers: { 'idempotency-key': 'k-1' } })
    const answers = await Promise.all([make(), make()])
    const made = answers.find(({ status }) => status === 201)!
    const refused = answers.find(({ status }) => status !== 201)!
    expect(refused).toMatchObject(problem(409, 'keyExists'))
    expect(JSON.stringify(refused.body)).toContain(made.body.idKey)
    expect(JSON.stringify(refused.body)).not.toContain(made.body.key)
    expect((await admin.get<{ keys: Key[] }>(path)).body.keys).toHaveLength(2)
    await admin.delete(`${path}/${made.body.idKey}`)
    const again = await make()
    expect(again.status).toBe(201)
    expect(again.body.key).not.toBe(made.body.key)
    expect((await new ApiClient(made.body.key).get('/v1/sessions')).status).toBe(401)
  })

  it('cannot be revoked under another tenant', async () => {
    const [one, other] = [await makeCustomer(), await makeCustomer()]
    const { body } = await admin.get<{ keys: Key[] }>(`/v1/tenants/${one.idTenant}/api-keys`)
    const answer = await admin.delete(`/v1/tenants/${other.idTenant}/api-keys/${body.keys[0]!.idKey}`)
    expect(answer).toMatchObject(problem(404, 'keyNotFound'))
    expect((await one.get('/v1/sessions')).status).toBe(200)
  })
})
