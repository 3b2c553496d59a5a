import { describe, expect, it } from 'vitest'
import { makeCustomer, problem } from '../support/api-client.ts'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

type Subscription = { idSubscription: string; secret: string; url: string; status: string }
const url = 'https://example.com/chatlink'
const path = '/v1/subscriptions'

async function makeSubscription(settings: Record<string, unknown> = {}) {
  const customer = await makeCustomer()
  const { body } = await customer.post<Subscription>(path, { url, ...settings })
  return { customer, own: `${path}/${body.idSubscription}`, ...body }
}

describe('subscriptions', () => {
  it('get the core types, order by chat and a secret unless told otherwise', async () => {
    const { status, body } = await (await makeCustomer()).post(path, { url })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      idSubscription: expect.stringMatching(/^sub_/),
      secret: expect.stringMatching(/^whsec_/),
      url,
      events: null,
      sessions: null,
      ordering: 'chat',
      includeFromMe: false,
      includeHistory: false,
      status: 'enabled',
    })
  })

  it('take every setting', async () => {
    const settings = {
      url: 'https://example.com/other',
      events: ['conversation', 'messageStatus'],
      sessions: ['support'],
      description: 'The shop',
      headers: { 'x-shop': 'north' },
      ordering: 'none',
      includeFromMe: true,
      includeHistory: true,
      rateLimitPerSecond: 5,
    }
    const { customer, own } = await makeSubscription(settings)
    expect((await customer.get(own)).body).toMatchObject(settings)
  })

  it('show their secret once', async () => {
    const { customer, own, secret } = await makeSubscription()
    expect(JSON.stringify((await customer.get(own)).body)).not.toContain(secret)
    expect(JSON.stringify((await customer.get(path)).body)).not.toContain(secret)
    expect(JSON.stringify((await customer.patch(own, { description: 'x' })).body)).not.toContain(secret)
  })

  it('take a secret of the caller’s own', async () => {
    const secret = `whsec_${btoa('a secret of thirty-two characters')}`
    const { body } = await (await makeCustomer()).post<Subscription>(path, { url, secret })
    expect(body.secret).toBe(secret)
  })

  it.each([
    ['validationFailed', {}],
    ['validationFailed', { url, events: [] }],
    ['validationFailed', { url, events: ['nonsense'] }],
    ['validationFailed', { url, sessions: ['a b'] }],
    ['validationFailed', { url, ordering: 'random' }],
    ['validationFailed', { url, secret: 'whsec_short' }],
    ['validationFailed', { url, headers: { 'a b': 'c' } }],
    ['validationFailed', { url, status: 'enabled' }],
    ['targetRefused', { url: 'ftp://example.com' }],
    ['targetRefused', { url: 'https://user:pass@example.com' }],
    ['targetRefused', { url: 'nonsense' }],
    ['headerRefused', { url, headers: { 'webhook-id': 'mine' } }],
    ['headerRefused', { url, headers: { host: 'example.com' } }],
  ])('are refused as %s when made of %j', async (code, json) => {
    const customer = await makeCustomer()
    expect(await customer.post(path, json)).toMatchObject(problem(422, code))
    expect((await customer.get(path)).body).toMatchObject({ subscriptions: [] })
  })

  it.each([
    [{ events: ['nonsense'] }, 'events.0', '/v1/event-types'],
    [{ headers: { x_a: 'b' } }, 'headers.x_a', 'letters, digits and hyphens'],
    [{ headers: { 'x-a': 'é' } }, 'headers.x-a', 'ASCII'],
    [{ headers: { 'x-a': 'a\nb' } }, 'headers.x-a', 'ASCII'],
  ])('made of %j say what to write instead', async (wrong, field, advice) => {
    const errors = [{ path: field, message: expect.stringContaining(advice) }]
    expect(await (await makeCustomer()).post(path, { url, ...wrong })).toMatchObject({
      ...problem(422, 'validationFailed'),
      body: { errors },
    })
  })

  it('do not lead to the address that they are made at', async () => {
    const { customer, own } = await makeSubscription()
    for (const self of ['http://worker/v1/sessions', 'https://WORKER./'])
      expect(await customer.post(path, { url: self })).toMatchObject(problem(422, 'targetRefused'))
    expect(await customer.patch(own, { url: 'http://worker/' })).toMatchObject(problem(422, 'targetRefused'))
    expect((await customer.get(own)).body).toMatchObject({ url })
  })

  it('are made once under the same Idempotency-Key', async () => {
    const customer = await makeCustomer()
    const make = (json: object, key = 'order-4711') =>
      customer.call<Subscription>('POST', path, { json, headers: { 'idempotency-key': key } })
    const answers = await Promise.all([make({ url }), make({ url }), make({ url })])
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(answers[1].body).toEqual(answers[0].body)
    expect(await make({ url: 'https://example.com/other' })).toMatchObject(
      problem(422, 'idempotencyConflict'),
    )
    expect((await make({ url }, 'order-4712')).body.idSubscription).not.toBe(answers[0].body.idSubscription)
    expect((await customer.get<{ subscriptions: unknown[] }>(path)).body.subscriptions).toHaveLength(2)
    const { body } = await (
      await makeCustomer()
    ).call<Subscription>('POST', path, {
      json: { url },
      headers: { 'idempotency-key': 'order-4711' },
    })
    expect(body.idSubscription).not.toBe(answers[0].body.idSubscription)
  })

  it('that were deleted are made anew under their Idempotency-Key, and deliver', async () => {
    const endpoint = new Endpoint()
    const { customer, link } = await makeLinked()
    const make = () =>
      customer.call<Subscription>('POST', path, {
        json: { url: endpoint.url },
        headers: { 'idempotency-key': 'order-4711' },
      })
    const first = await make()
    await customer.delete(`${path}/${first.body.idSubscription}`)
    const second = await make()
    expect(second.body.secret).not.toBe(first.body.secret)
    await link.deliver(conversation({ value: 'after' }))
    await expect.poll(() => endpoint.values()).toEqual(['after'])
  })

  it('are listed page by page, oldest first', async () => {
    const customer = await makeCustomer()
    for (const name of ['a', 'b', 'c']) await customer.post(path, { url: `https://example.com/${name}` })
    type Page = { subscriptions: Subscription[]; cursor: string | null }
    const first = (await customer.get<Page>(`${path}?limit=2`)).body
    const second = (await customer.get<Page>(`${path}?limit=2&cursor=${first.cursor}`)).body
    expect([...first.subscriptions, ...second.subscriptions].map(({ url }) => url.at(-1))).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(second.cursor).toBeNull()
  })

  it('may ask for all types by a bare asterisk', async () => {
    const customer = await makeCustomer()
    const made = await customer.post('/v1/subscriptions', { url: 'https://example.com/all', events: '*' })
    expect(made).toMatchObject({ status: 201, body: { events: ['*'] } })
    const some = await customer.patch(`/v1/subscriptions/${String(made.body['idSubscription'])}`, {
      events: ['callOffer'],
    })
    expect(some.body).toMatchObject({ events: ['callOffer'] })
  })

  it('are changed field by field', async () => {
    const { customer, own } = await makeSubscription({ events: ['conversation'], rateLimitPerSecond: 5 })
    const changed = await customer.patch(own, { events: ['*'], rateLimitPerSecond: null, status: 'paused' })
    expect(changed.body).toMatchObject({ url, events: ['*'], rateLimitPerSecond: null, status: 'paused' })
    expect((await customer.get(own)).body).toMatchObject(changed.body)
    expect(await customer.patch(own, { url: 'ftp://example.com' })).toMatchObject(
      problem(422, 'targetRefused'),
    )
    expect((await customer.get(own)).body).toMatchObject({ url })
  })

  it('are disabled and enabled', async () => {
    const { customer, own } = await makeSubscription()
    expect((await customer.post(`${own}/disable`)).body).toMatchObject({ status: 'disabled' })
    expect((await customer.post(`${own}/enable`)).body).toMatchObject({
      status: 'enabled',
      statusReason: null,
    })
  })

  it('get a new secret, and the old one stays as long as they ask', async () => {
    const { customer, own, secret } = await makeSubscription()
    type Rotated = { secret: string; oldSecretExpiresAt: string }
    const { body } = await customer.post<Rotated>(`${own}/rotate-secret`, { overlapSeconds: 60 })
    expect(body.secret).not.toBe(secret)
    expect(Date.parse(body.oldSecretExpiresAt) - Date.now()).toBeGreaterThan(50_000)
    expect(await customer.post(`${own}/rotate-secret`, { overlapSeconds: -1 })).toMatchObject(
      problem(422, 'validationFailed'),
    )
    expect(await customer.post(`${own}/rotate-secret`, { overlapSeconds: 604_801 })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('get one new secret under the same Idempotency-Key', async () => {
    const { customer, own, secret } = await makeSubscription()
    type Rotated = { idSubscription: string; secret: string; oldSecretExpiresAt: string }
    const rotate = (key: string, overlapSeconds = 60) =>
      customer.call<Rotated>('POST', `${own}/rotate-secret`, {
        json: { overlapSeconds },
        headers: { 'idempotency-key': key },
      })
    const [first, again] = [await rotate('r-1'), await rotate('r-1')]
    expect(first.body.secret).not.toBe(secret)
    expect(again).toMatchObject({ status: 200, body: first.body })
    expect(await rotate('r-1', 0)).toMatchObject(problem(422, 'idempotencyConflict'))
    const second = await rotate('r-2')
    expect(second.body.secret).not.toBe(first.body.secret)
    // What the first one brought signs still; it is what its key answers.
    expect((await rotate('r-1')).body).toEqual(first.body)
    // A secret that is void is told to nobody.
    const last = await rotate('r-3', 0)
    const anew = await rotate('r-1')
    expect([first.body.secret, second.body.secret, last.body.secret]).not.toContain(anew.body.secret)
    const other = await customer.post<Subscription>(path, { url })
    const elsewhere = await customer.call<Rotated>(
      'POST',
      `${path}/${other.body.idSubscription}/rotate-secret`,
      { json: { overlapSeconds: 60 }, headers: { 'idempotency-key': 'r-2' } },
    )
    expect(elsewhere.body.secret).not.toBe(second.body.secret)
    expect(JSON.stringify((await customer.get(own)).body)).not.toContain('whsec_')
  })

  it('are gone when deleted', async () => {
    const { customer, own } = await makeSubscription()
    expect((await customer.delete(own)).status).toBe(204)
    expect(await customer.get(own)).toMatchObject(problem(404, 'subscriptionNotFound'))
    expect(await customer.delete(own)).toMatchObject(problem(404, 'subscriptionNotFound'))
  })

  it('of another tenant do not exist', async () => {
    const { own } = await makeSubscription()
    const other = await makeCustomer()
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/enable'],
      ['GET', '/deliveries'],
    ] as const)
      expect(await other.call(method, own + suffix)).toMatchObject(problem(404, 'subscriptionNotFound'))
    expect((await other.get(path)).body).toMatchObject({ subscriptions: [] })
  })
})

describe('the test of a subscription', () => {
  it('sends a signed example, marked as a test, and shows what came back', async () => {
    const endpoint = new Endpoint()
    await endpoint.script({ status: 202, body: 'thanks' })
    const { customer, own } = await makeSubscription({ url: endpoint.url })
    const { body } = await customer.post(`${own}/test`, { messageType: 'imageMessage' })
    expect(body).toMatchObject({
      delivered: true,
      statusCode: 202,
      errorClass: null,
      responseExcerpt: 'thanks',
    })
    const [received] = await endpoint.received()
    expect(received!.headers['webhook-signature']).toMatch(/^v1,/)
    expect(JSON.parse(received!.body)).toMatchObject({ messageType: 'imageMessage', isTest: true })
  })

  it('shows a failure as one', async () => {
    const endpoint = new Endpoint()
    await endpoint.script({ status: 500 })
    const { customer, own } = await makeSubscription({ url: endpoint.url })
    const { body } = await customer.post(`${own}/test`, {})
    expect(body).toMatchObject({ delivered: false, statusCode: 500, enableUrl: null })
    expect((await customer.get(own)).body).toMatchObject({ status: 'enabled' })
  })

  it('offers to enable a disabled subscription when it went well', async () => {
    const endpoint = new Endpoint()
    await endpoint.script({ status: 500 }, { status: 200 })
    const { customer, own } = await makeSubscription({ url: endpoint.url })
    expect((await customer.post(`${own}/test`, {})).body).toMatchObject({ enableUrl: null })
    expect((await customer.post(`${own}/test`, {})).body).toMatchObject({ delivered: true, enableUrl: null })
    await customer.post(`${own}/disable`, {})
    const { body } = await customer.post(`${own}/test`, {})
    expect(body).toMatchObject({ delivered: true, enableUrl: `${own}/enable` })
    const { enableUrl } = body as { enableUrl: string }
    expect((await customer.post(enableUrl, {})).body).toMatchObject({ status: 'enabled' })
  })
})
