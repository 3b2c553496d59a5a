import { describe, expect, it } from 'vitest'
import { type Answer, problem } from '../support/api-client.ts'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'

type Delivery = { idEvent: string; sequence: number; status: string; attempts: number; idSession: string }
type Page = { deliveries: Delivery[]; cursor: string | null }

/** A linked session with a subscription to texts, whose endpoint answers as told. */
async function makeSubscribed(...statuses: number[]) {
  const endpoint = new Endpoint()
  await endpoint.script(...statuses.map((status) => ({ status, body: `answered ${status}` })))
  const { customer, link } = await makeLinked()
  const { body } = await customer.post<{ idSubscription: string }>('/v1/subscriptions', {
    url: endpoint.url,
    events: ['conversation'],
  })
  const path = `/v1/subscriptions/${body.idSubscription}`
  const list = async (query = '') => (await customer.get<Page>(`${path}/deliveries${query}`)).body.deliveries
  const until = async (status: string, count = 1) => {
    for (let turn = 0; turn < 300; turn++) {
      const found = (await list()).filter((one) => one.status === status)
      if (found.length >= count) return found
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`no ${count} ${status} deliveries: ${JSON.stringify(await list())}`)
  }
  return { customer, link, endpoint, path, list, until }
}

describe('deliveries', () => {
  it('are listed, newest first, and by status', async () => {
    const { link, list, until } = await makeSubscribed(200)
    await link.deliver(conversation({ value: 'one' }), conversation({ value: 'two' }))
    const delivered = await until('delivered', 2)
    expect(delivered[0]!.sequence).toBeGreaterThan(delivered[1]!.sequence)
    expect(delivered[0]).toMatchObject({ idSession: 'support', attempts: 1 })
    expect(await list('?status=exhausted')).toEqual([])
    expect(await list('?status=delivered&idSession=support')).toHaveLength(2)
  })

  it('are listed page by page', async () => {
    const { customer, link, path, until } = await makeSubscribed(200)
    await link.deliver(conversation(), conversation(), conversation())
    const all = await until('delivered', 3)
    const first = await customer.get<Page>(`${path}/deliveries?limit=2`)
    const second = await customer.get<Page>(`${path}/deliveries?limit=2&cursor=${first.body.cursor}`)
    const ids = (answer: Answer<Page>) => answer.body.deliveries.map(({ idEvent }) => idEvent)
    expect([...ids(first), ...ids(second)].slice(0, 3)).toEqual(all.map(({ idEvent }) => idEvent))
  })

  it('show each attempt', async () => {
    const { customer, link, endpoint, path, until } = await makeSubscribed(503)
    await link.deliver(conversation())
    const [failing] = await until('failing')
    const { body } = await customer.get(`${path}/deliveries/${failing!.idEvent}`)
    expect(body).toMatchObject({
      status: 'failing',
      lastStatusCode: 503,
      attemptLog: [
        { statusCode: 503, trigger: 'automatic', url: endpoint.url, responseExcerpt: 'answered 503' },
      ],
    })
  })

  it('are sent again at once when asked', async () => {
    const { customer, link, path, until } = await makeSubscribed(500, 200)
    await link.deliver(conversation())
    const [failing] = await until('failing')
    const { body } = await customer.post(`${path}/deliveries/${failing!.idEvent}/retry`)
    expect(body).toMatchObject({ isDelivered: true, attempt: { statusCode: 200, trigger: 'manual' } })
    await until('delivered')
  })

  it('of a session that is being deleted are there as long as it is', async () => {
    const { customer, link, path, list, until } = await makeSubscribed(500)
    await link.deliver(conversation())
    const [failing] = await until('failing')
    await customer.delete('/v1/sessions/support')
    expect(await list()).toMatchObject([{ idEvent: failing!.idEvent, status: 'failing' }])
    expect(await list('?idSession=support')).toHaveLength(1)
    expect((await customer.get(`${path}/deliveries/${failing!.idEvent}`)).body).toMatchObject({
      attemptLog: [{ statusCode: 500 }],
    })
    // Its name is free again; the other session's deliveries are listed behind.
    await customer.post('/v1/sessions', { idSession: 'support' })
    const again = await linkTo(customer, 'support')
    await again.report({ report: 'connected', number: '34911222333@s.whatsapp.net' })
    await again.deliver(conversation())
    await until('failing', 2)
    expect((await customer.get<{ health: unknown[] }>(path)).body.health).toHaveLength(1)
  })

  it('of a session that is gone end a listing, with an error that says so', async () => {
    const { customer, path } = await makeSubscribed(200)
    expect(await customer.get(`${path}/deliveries?cursor=${'0'.repeat(16)}.12`)).toMatchObject({
      ...problem(422, 'validationFailed'),
      body: { errors: [{ path: 'cursor', message: expect.stringContaining('deleted') }] },
    })
  })

  it('of a session that the subscription does not concern do not exist', async () => {
    const { customer, path } = await makeSubscribed(200)
    expect(await customer.get(`${path}/deliveries?idSession=other`)).toMatchObject(
      problem(404, 'sessionNotFound'),
    )
  })

  it.each(['status=lost', 'limit=0', 'idSession=a+b'])('are not listed by %s', async (query) => {
    const { customer, path } = await makeSubscribed(200)
    expect(await customer.get(`${path}/deliveries?${query}`)).toMatchObject(problem(422, 'validationFailed'))
  })
})

describe('a replay', () => {
  it('sends the past again', async () => {
    const { customer, link, endpoint, path, until } = await makeSubscribed(200)
    await link.deliver(conversation({ value: 'one' }), conversation({ value: 'two' }))
    await until('delivered', 2)
    const { status, body } = await customer.post(`${path}/replay`, { afterSequence: 0 })
    expect({ status, body }).toMatchObject({ status: 202, body: { sessions: [{ idSession: 'support' }] } })
    await expect
      .poll(async () => (await endpoint.values()).map(String).toSorted((a, b) => a.localeCompare(b)))
      .toEqual(['one', 'one', 'two', 'two'])
  })

  it.each([
    { since: '2026-01-01T00:00:00Z', afterSequence: 1 },
    { since: 'yesterday' },
    { afterSequence: -1 },
    { types: ['nonsense'] },
  ])('is refused with %j', async (json) => {
    const { customer, path } = await makeSubscribed(200)
    expect(await customer.post(`${path}/replay`, json)).toMatchObject(problem(422, 'validationFailed'))
  })

  it('beyond the newest event sends nothing, and says so', async () => {
    const { customer, link, endpoint, path, until } = await makeSubscribed(200)
    await link.deliver(conversation({ value: 'one' }))
    await until('delivered', 1)
    const { status, body } = await customer.post<{
      sessions: { fromSequence: number; toSequence: number }[]
    }>(`${path}/replay`, { afterSequence: Number.MAX_SAFE_INTEGER })
    expect(status).toBe(202)
    const [part] = body.sessions
    expect(part!.fromSequence).toBe(part!.toSequence + 1)
    expect(part!.toSequence).toBeLessThan(100)
    await expect
      .poll(async () => (await customer.get(path)).body)
      .toMatchObject({ health: [{ replay: { isDone: true, delivered: 0 } }] })
    expect(await endpoint.values()).toEqual(['one'])
  })

  it('begins in no session while one of them replays', async () => {
    const { customer, link, endpoint, path, until } = await makeSubscribed(200)
    await customer.post('/v1/sessions', { idSession: 'other' })
    await link.deliver(conversation({ value: 'one' }))
    await until('delivered', 1)
    await endpoint.script({ status: 200, delayMs: 1000 })
    expect((await customer.post(`${path}/replay`, { idSession: 'support' })).status).toBe(202)
    expect(await customer.post(`${path}/replay`, {})).toMatchObject(problem(409, 'replayRunning'))
    const { body } = await customer.get<{ health: { idSession: string; replay: object | null }[] }>(path)
    expect(body.health.find(({ idSession }) => idSession === 'other')?.replay).toBeNull()
  })

  it('begins once under the same Idempotency-Key, whether or not it has ended', async () => {
    const { customer, link, endpoint, path, until } = await makeSubscribed(200)
    await link.deliver(conversation({ value: 'one' }))
    await until('delivered', 1)
    await endpoint.script({ status: 200, delayMs: 300 })
    const ask = (key: string, json: Record<string, unknown> = {}) =>
      customer.call('POST', `${path}/replay`, { json, headers: { 'idempotency-key': key } })
    const [first, during] = [await ask('a'), await ask('a')]
    expect(during).toMatchObject({ status: 202, body: first.body })
    expect(await ask('b')).toMatchObject(problem(409, 'replayRunning'))
    await expect
      .poll(async () => (await customer.get(path)).body)
      .toMatchObject({ health: [{ replay: { isDone: true, delivered: 1 } }] })
    expect(await ask('a')).toMatchObject({ status: 202, body: first.body })
    expect(await ask('a', { onlyFailed: true })).toMatchObject(problem(422, 'idempotencyConflict'))
    expect(await endpoint.values()).toEqual(['one', 'one'])
    expect((await ask('b')).status).toBe(202)
    await expect.poll(() => endpoint.values()).toEqual(['one', 'one', 'one'])
  })

  it('is refused beyond the retention and for a subscription that is disabled', async () => {
    const { customer, path } = await makeSubscribed(200)
    expect(await customer.post(`${path}/replay`, { since: '2020-01-01T00:00:00Z' })).toMatchObject(
      problem(422, 'replayTooOld'),
    )
    await customer.post(`${path}/disable`)
    expect(await customer.post(`${path}/replay`, { afterSequence: 0 })).toMatchObject(
      problem(409, 'subscriptionNotEnabled'),
    )
  })
})
