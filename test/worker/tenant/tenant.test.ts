import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { hashText } from '../../../worker/hash.ts'
import { Endpoint } from '../support/endpoint.ts'
import { makeSession, makeTenant, query, readActions, sessionStub } from '../support/objects.ts'

const { url } = new Endpoint()

async function makeKey(stub: Awaited<ReturnType<typeof makeTenant>>['stub'], scopes = ['*']) {
  const made = await stub.createKey({ name: 'test', scopes })
  if (!made.ok) throw new Error(made.code)
  return made
}

async function makeSubscription(stub: Awaited<ReturnType<typeof makeTenant>>['stub'], input: object = {}) {
  const made = await stub.createSubscription({ url, ...input })
  if (!made.ok) throw new Error(made.code)
  return made
}

describe('API keys', () => {
  it('authorize by their hash, with their scopes', async () => {
    const { stub, idTenant } = await makeTenant()
    const { key, view } = await makeKey(stub, ['sessions:read'])
    expect(key).toMatch(new RegExp(`^ck_${idTenant.slice(4)}_[0-9A-Za-z]{40}$`))
    expect(await stub.authorize(await hashText(key))).toEqual({
      ok: true,
      idTenant,
      idKey: view.idKey,
      scopes: ['sessions:read'],
    })
  })

  it('are stored as their hash alone', async () => {
    const { stub } = await makeTenant()
    const { key } = await makeKey(stub)
    const rows = await runInDurableObject(stub, (_tenant, state) =>
      state.storage.sql.exec('SELECT * FROM api_keys').toArray(),
    )
    expect(JSON.stringify(rows)).not.toContain(key)
    expect(JSON.stringify(rows)).toContain(await hashText(key))
  })

  it('do not authorize when wrong, deleted, or of another tenant', async () => {
    const { stub } = await makeTenant()
    const other = await makeTenant()
    const { key, view } = await makeKey(stub)
    const hash = await hashText(key)
    expect(await stub.authorize(await hashText(`${key}x`))).toEqual({ ok: false })
    expect(await other.stub.authorize(hash)).toEqual({ ok: false })
    expect(await stub.deleteKey(view.idKey)).toEqual({ ok: true })
    expect(await stub.authorize(hash)).toEqual({ ok: false })
    expect(await stub.deleteKey(view.idKey)).toMatchObject({ code: 'keyNotFound' })
  })

  it('survive an eviction', async () => {
    const { stub } = await makeTenant()
    const { key } = await makeKey(stub)
    await evictDurableObject(stub)
    expect(await stub.authorize(await hashText(key))).toMatchObject({ ok: true })
  })
})

describe('a tenant that does not exist', () => {
  it('has nothing, and leaves nothing behind when asked', async () => {
    const stub = env.TENANT.getByName('ten_nobody')
    expect(await stub.listKeys({ limit: 50 })).toMatchObject({ ok: false, code: 'tenantNotFound' })
    expect(await stub.authorize('0')).toEqual({ ok: false })
    expect(await stub.findSession('support')).toBeNull()
    const tables = await runInDurableObject(stub, (_tenant, state) =>
      state.storage.sql.exec(`SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'`).toArray(),
    )
    expect(tables).toEqual([])
  })
})

describe('sessions', () => {
  it('are started when made, unless told otherwise', async () => {
    const started = await makeSession()
    expect(started.view).toMatchObject({ idSession: 'support', state: 'starting' })
    expect(await readActions(started.stub)).toEqual(['started'])
    const resting = await makeSession({ start: false })
    expect(resting.view.state).toBe('stopped')
    expect(await readActions(resting.stub)).toEqual([])
  })

  it('get an id when they are given none', async () => {
    const { stub } = await makeTenant()
    const made = await stub.createSession({ start: false })
    expect(made).toMatchObject({ ok: true, session: { idSession: expect.stringMatching(/^ses_/) } })
  })

  it('cannot share a name within a tenant, but over tenants they can', async () => {
    const { tenant } = await makeSession({ idSession: 'shared' })
    expect(await tenant.createSession({ idSession: 'shared', start: true })).toMatchObject({
      code: 'sessionExists',
    })
    expect((await makeSession({ idSession: 'shared' })).view.idSession).toBe('shared')
  })

  it('are listed in pages and renamed', async () => {
    const { stub } = await makeTenant()
    for (const idSession of ['a', 'b', 'c']) await stub.createSession({ idSession, start: false })
    await stub.updateSession('b', { name: 'Second' })
    const first = await stub.listSessions({ limit: 2 })
    expect(first).toMatchObject({ sessions: [{ idSession: 'a' }, { idSession: 'b', name: 'Second' }] })
    const second = await stub.listSessions({ limit: 2, cursor: first.ok ? first.cursor : null })
    expect(second).toMatchObject({ sessions: [{ idSession: 'c' }], cursor: null })
  })

  it('of another tenant do not exist', async () => {
    await makeSession({ idSession: 'mine' })
    const { stub } = await makeTenant()
    expect(await stub.findSession('mine')).toBeNull()
    expect(await stub.deleteSession('mine')).toMatchObject({ code: 'sessionNotFound' })
  })
})

describe('subscriptions', () => {
  it('reach every session that they concern, and begin after what was logged before', async () => {
    const { tenant, stub: session } = await makeSession({ idSession: 'one' })
    const second = await tenant.createSession({ idSession: 'two', start: true })
    if (!second.ok) throw new Error(second.code)
    const { head } = await session.head()
    const everywhere = await makeSubscription(tenant)
    const onlyTwo = await makeSubscription(tenant, { sessions: ['two'] })
    const rows = await query(session, 'SELECT * FROM subscriptions')
    expect(rows).toMatchObject([
      { id_subscription: everywhere.subscription.idSubscription, start_after: head },
    ])
    expect(rows[0]?.['version']).toBe(rows[0]?.['configured_version'])
    const others = await query(sessionStub(second.ref.idObject), 'SELECT id_subscription FROM subscriptions')
    expect(new Set(others.map(({ id_subscription }) => id_subscription))).toEqual(
      new Set([everywhere, onlyTwo].map(({ subscription }) => subscription.idSubscription)),
    )
  })

  it('made before a session get it from its first event', async () => {
    const { stub } = await makeTenant()
    await makeSubscription(stub)
    const made = await stub.createSession({ start: true })
    if (!made.ok) throw new Error(made.code)
    const rows = await query(sessionStub(made.ref.idObject), 'SELECT start_after FROM subscriptions')
    expect(rows).toEqual([{ start_after: 0 }])
  })

  it('are changed and deleted in the sessions too', async () => {
    const { tenant, stub: session } = await makeSession()
    const { subscription } = await makeSubscription(tenant)
    const { idSubscription } = subscription
    await tenant.updateSubscription(idSubscription, { url: `${url}/new`, ordering: 'none' })
    const config = JSON.parse(
      String((await query(session, 'SELECT config FROM subscriptions'))[0]?.['config']),
    )
    expect(config).toMatchObject({ url: `${url}/new`, ordering: 'none', events: null })
    await tenant.deleteSubscription(idSubscription)
    expect(await query(session, 'SELECT * FROM subscriptions')).toEqual([])
    expect(await tenant.getSubscription(idSubscription)).toMatchObject({ code: 'subscriptionNotFound' })
  })

  it('never show their secret again', async () => {
    const { stub } = await makeTenant()
    const { secret, subscription } = await makeSubscription(stub)
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(JSON.stringify(subscription)).not.toContain(secret)
    expect(JSON.stringify(await stub.listSubscriptions({ limit: 10 }))).not.toContain(secret)
  })

  it('sign with both secrets during a rotation, and with the new one alone without overlap', async () => {
    const { stub } = await makeTenant()
    const { secret, subscription } = await makeSubscription(stub)
    const rotated = await stub.rotateSecret(subscription.idSubscription, { overlapSeconds: 60 })
    const during = await stub.getSubscription(subscription.idSubscription)
    if (!rotated.ok || !during.ok) throw new Error('no rotation')
    expect(during.config.secrets.map((one) => one.secret)).toEqual([rotated.secret, secret])
    expect(during.config.secrets[1]?.expiresAt).toBeGreaterThan(Date.now())
    await stub.rotateSecret(subscription.idSubscription, { overlapSeconds: 0 })
    const after = await stub.getSubscription(subscription.idSubscription)
    if (!after.ok) throw new Error(after.code)
    expect(after.config.secrets).toHaveLength(1)
  })

  it.each([
    ['a secret of 23 bytes', { secret: `whsec_${btoa('x'.repeat(23))}` }, 'secretInvalid'],
    ['a secret of 65 bytes', { secret: `whsec_${btoa('x'.repeat(65))}` }, 'secretInvalid'],
    ['a URL that is none', { url: 'example' }, 'targetRefused'],
    ['credentials in the URL', { url: 'https://user:pass@example.com' }, 'targetRefused'],
    ['a header of ours', { headers: { 'webhook-id': 'x' } }, 'headerRefused'],
  ])('are refused with %s', async (_title, input, code) => {
    const { stub } = await makeTenant()
    expect(await stub.createSubscription({ url, ...input })).toMatchObject({ ok: false, code })
    expect(await stub.listSubscriptions({ limit: 10 })).toMatchObject({ subscriptions: [] })
  })

  it('can be disabled with a reason and enabled again', async () => {
    const { stub } = await makeTenant()
    const { subscription } = await makeSubscription(stub)
    const { idSubscription } = subscription
    await stub.setSubscriptionStatus(idSubscription, 'disabled', 'gone')
    expect(await stub.getSubscription(idSubscription)).toMatchObject({
      subscription: { status: 'disabled', statusReason: 'gone' },
    })
    await stub.updateSubscription(idSubscription, { status: 'enabled' })
    expect(await stub.getSubscription(idSubscription)).toMatchObject({
      subscription: { status: 'enabled', statusReason: null },
    })
  })
})
