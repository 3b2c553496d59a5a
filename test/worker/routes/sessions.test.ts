import { describe, expect, it } from 'vitest'
import { maxBurst, maxMessagesPerMinute } from '../../../schema/api/pacing.ts'
import { makeCustomer, problem } from '../support/api-client.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

type Customer = Awaited<ReturnType<typeof makeCustomer>>
type Session = { idSession: string; state: string; name: string | null; sequence: number }

describe('sessions', () => {
  it('are created under the caller’s own name, started, and read', async () => {
    const customer = await makeCustomer()
    const made = await customer.post<Session>('/v1/sessions', { idSession: 'support', name: 'Customer care' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ idSession: 'support', name: 'Customer care', state: 'starting' })
    expect((await customer.get('/v1/sessions/support')).body).toMatchObject(made.body)
  })

  it('get a name of ChatLink’s when they have none, and wait when told so', async () => {
    const { body } = await (await makeCustomer()).post<Session>('/v1/sessions', { start: false })
    expect(body.idSession).toMatch(/^ses_/)
    expect(body.state).toBe('stopped')
  })

  it('are made once', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    const again = await customer.post('/v1/sessions', { idSession: 'support' })
    expect(again).toMatchObject(problem(409, 'sessionExists'))
  })

  it('without a name are made once under the same Idempotency-Key', async () => {
    const customer = await makeCustomer()
    const make = (key: string) =>
      customer.call<Session>('POST', '/v1/sessions', {
        json: { start: false },
        headers: { 'idempotency-key': key },
      })
    const [first, again, other] = [await make('a'), await make('a'), await make('b')]
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(other.body.idSession).not.toBe(first.body.idSession)
  })

  it('with a name are made once under the same Idempotency-Key, too, and another request under it is refused', async () => {
    const customer = await makeCustomer()
    const make = (json: Record<string, unknown>) =>
      customer.call<Session>('POST', '/v1/sessions', { json, headers: { 'idempotency-key': 'a' } })
    const first = await make({ idSession: 'support', start: false })
    expect(await make({ idSession: 'support', start: false })).toMatchObject({
      status: 201,
      body: first.body,
    })
    expect(await make({ idSession: 'support', start: true })).toMatchObject(
      problem(422, 'idempotencyConflict'),
    )
    expect(await make({ start: false })).toMatchObject(problem(422, 'idempotencyConflict'))
  })

  it.each([{ idSession: 'a b' }, { idSession: '' }, { idSession: 'a'.repeat(65) }, { state: 'connected' }])(
    'are not made of %j',
    async (json) => {
      expect(await (await makeCustomer()).post('/v1/sessions', json)).toMatchObject(
        problem(422, 'validationFailed'),
      )
    },
  )

  it('are listed page by page', async () => {
    const customer = await makeCustomer()
    for (const idSession of ['a', 'b', 'c']) await customer.post('/v1/sessions', { idSession, start: false })
    type Page = { sessions: Session[]; cursor: string | null }
    const first = await customer.get<Page>('/v1/sessions?limit=2')
    expect(first.body.sessions.map(({ idSession }) => idSession)).toEqual(['a', 'b'])
    const second = await customer.get<Page>(`/v1/sessions?limit=2&cursor=${first.body.cursor}`)
    expect(second.body.sessions.map(({ idSession }) => idSession)).toEqual(['c'])
    expect(second.body.cursor).toBeNull()
  })

  it('can be renamed', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    const renamed = await customer.patch('/v1/sessions/support', { name: 'Sales' })
    expect(renamed.body).toMatchObject({ name: 'Sales' })
    expect((await customer.patch('/v1/sessions/support', { name: null })).body).toMatchObject({ name: null })
    expect(await customer.patch('/v1/sessions/support', { state: 'connected' })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('have a pace, unless they are made or changed to have another or none', async () => {
    const customer = await makeCustomer()
    const slow = { messagesPerMinute: 5, burst: 2 }
    const made = await customer.post('/v1/sessions', { idSession: 'usual', start: false })
    expect(made.body).toMatchObject({ pacing: { messagesPerMinute: 120, burst: 60 } })
    const other = await customer.post('/v1/sessions', { idSession: 'slow', start: false, pacing: slow })
    expect(other.body).toMatchObject({ pacing: slow })
    await customer.patch('/v1/sessions/slow', { name: 'Slow' })
    expect((await customer.get('/v1/sessions/slow')).body).toMatchObject({ name: 'Slow', pacing: slow })
    const unpaced = await customer.patch('/v1/sessions/slow', { pacing: null })
    expect(unpaced.body).toMatchObject({ name: 'Slow', pacing: null })
    const brief = await customer.patch('/v1/sessions/slow', { pacing: { messagesPerMinute: 6 } })
    expect(brief.body).toMatchObject({ pacing: { messagesPerMinute: 6, burst: 60 } })
  })

  it.each([
    { messagesPerMinute: 0 },
    { messagesPerMinute: maxMessagesPerMinute + 1 },
    { messagesPerMinute: 1.5 },
    { messagesPerMinute: 60, burst: 0 },
    { messagesPerMinute: 60, burst: maxBurst + 1 },
    { burst: 5 },
    {},
    false,
  ])('take no pace of %j', async (pacing) => {
    const customer = await makeCustomer()
    expect(await customer.post('/v1/sessions', { start: false, pacing })).toMatchObject(
      problem(422, 'validationFailed'),
    )
    const fastest = { messagesPerMinute: maxMessagesPerMinute, burst: maxBurst }
    expect((await customer.post('/v1/sessions', { start: false, pacing: fastest })).status).toBe(201)
  })

  it('take in what their tenant chooses, which their connector is told at once', async () => {
    const nothing = { history: false, includeStatus: false, includeNewsletters: false }
    const { customer, link } = await makeLinked()
    expect((await customer.get('/v1/sessions/support')).body).toMatchObject(nothing)
    expect((await link.next('welcome')).receiving).toEqual(nothing)
    const chosen = await customer.patch('/v1/sessions/support', { includeStatus: true })
    expect(chosen.body).toMatchObject({ ...nothing, includeStatus: true })
    expect((await link.next('receiving')).receiving).toEqual({ ...nothing, includeStatus: true })
    const made = await customer.post('/v1/sessions', { idSession: 'past', history: true })
    expect(made.body).toMatchObject({ ...nothing, history: true })
    const other = await linkTo(customer, 'past')
    expect((await other.next('welcome')).receiving).toEqual({ ...nothing, history: true })
    expect(await customer.patch('/v1/sessions/past', { history: 'all' })).toMatchObject(
      problem(422, 'validationFailed'),
    )
  })

  it('are started, stopped and logged out', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support', start: false })
    expect((await customer.post('/v1/sessions/support/start')).body).toMatchObject({ state: 'starting' })
    expect((await customer.post('/v1/sessions/support/stop')).body).toMatchObject({ state: 'stopped' })
    expect((await customer.post('/v1/sessions/support/logout')).body).toMatchObject({ state: 'loggedOut' })
  })

  it('are gone when deleted, and their name is free', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    expect((await customer.delete('/v1/sessions/support')).status).toBe(204)
    expect(await customer.get('/v1/sessions/support')).toMatchObject(problem(404, 'sessionNotFound'))
    expect(await customer.delete('/v1/sessions/support')).toMatchObject(problem(404, 'sessionNotFound'))
    expect((await customer.post('/v1/sessions', { idSession: 'support' })).status).toBe(201)
  })

  it('of another tenant do not exist', async () => {
    const [owner, other] = [await makeCustomer(), await makeCustomer()]
    await owner.post('/v1/sessions', { idSession: 'support' })
    expect(await other.get('/v1/sessions/support')).toMatchObject(problem(404, 'sessionNotFound'))
    expect(await other.delete('/v1/sessions/support')).toMatchObject(problem(404, 'sessionNotFound'))
    expect((await other.get('/v1/sessions')).body).toMatchObject({ sessions: [] })
    expect((await other.post('/v1/sessions', { idSession: 'support' })).status).toBe(201)
    expect((await owner.get('/v1/sessions/support')).status).toBe(200)
  })
})

describe('the QR of a session', () => {
  const qr = '2@abcdefghijklmnopqrstuvwxyz,0123456789,ABCDEFGHIJKLMNOPQRSTUVWXYZ,9876543210'

  async function makeScannable(): Promise<Customer> {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support' })
    const link = await linkTo(customer, 'support')
    await link.report({ report: 'qr', qr, expiresAt: Date.now() + 20_000 })
    return customer
  }

  it('is its text, for as long as it can be scanned, and never cached', async () => {
    const { body, headers } = await (await makeScannable()).get('/v1/sessions/support/qr')
    expect(body).toEqual({ qr, expiresAt: expect.stringMatching(/Z$/) })
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('is a PNG for who asks for one', async () => {
    const { headers, bytes } = await (
      await makeScannable()
    ).get('/v1/sessions/support/qr', { accept: 'image/png' })
    expect(headers.get('content-type')).toBe('image/png')
    expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    expect(view.getUint32(16)).toBeGreaterThan(200)
    expect(view.getUint32(16)).toBe(view.getUint32(20))
  })

  it('is an SVG for who asks for one', async () => {
    const { headers, bytes } = await (
      await makeScannable()
    ).get('/v1/sessions/support/qr', {
      accept: 'image/svg+xml',
    })
    expect(headers.get('content-type')).toBe('image/svg+xml')
    expect(new TextDecoder().decode(bytes)).toMatch(/^<svg [\s\S]*<path/)
  })

  it('is not there before it has come', async () => {
    const customer = await makeCustomer()
    await customer.post('/v1/sessions', { idSession: 'support', start: false })
    expect(await customer.get('/v1/sessions/support/qr')).toMatchObject(problem(409, 'noQr'))
  })

  it('of another tenant does not exist', async () => {
    await makeScannable()
    const answer = await (await makeCustomer()).get('/v1/sessions/support/qr')
    expect(answer).toMatchObject(problem(404, 'sessionNotFound'))
  })
})
