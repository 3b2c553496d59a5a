import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Api } from '../support/api.ts'
import { ok, RawEndpoint } from './raw-endpoint.ts'
import { ConformanceStage } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

describe.concurrent('E. What is not tried again', () => {
  it('35. makes no planned attempt after a success that came by hand', async () => {
    const one = await stage.case()
    one.script({ status: 500, headers: { 'retry-after': '3' } }, { status: 200 })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('failing')
    await stage.api.post(`${one.root}/deliveries/${idEvent}/retry`)
    expect(await one.untilStatus('delivered')).toMatchObject({ attempts: 2, nextAttemptAt: null })
    await pause(4500)
    expect(one.received).toHaveLength(2)
  })

  it('43. makes one attempt of an event that its receiver marks as not to be tried again', async () => {
    const one = await stage.case()
    one.scriptMatching('"once"', { status: 500, headers: { 'webhook-delivery': 'abort-message' } })
    one.scriptMatching('"twice"', { status: 500 }, { status: 200 })
    await one.publish(text('once', '1'), text('twice', '2'))
    await one.untilStatus('delivered')
    const { idEvent, ...delivery } = await one.untilStatus('exhausted')
    expect(delivery).toMatchObject({ attempts: 1, nextAttemptAt: null, lastStatusCode: 500 })
    await pause(2500)
    expect(one.values.filter((value) => value === 'once')).toHaveLength(1)
    expect(await one.attempts(idEvent)).toHaveLength(1)
  })

  it('43. makes one attempt of what is sent by hand', async () => {
    const one = await stage.case()
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    one.script({ status: 500 })
    expect(await stage.api.post(`${one.root}/deliveries/${idEvent}/retry`)).toMatchObject({
      isDelivered: false,
      attempt: { trigger: 'manual', nextAttemptAt: null },
    })
    await pause(3000)
    expect(one.received).toHaveLength(2)
  })
})

describe.concurrent('F. Disabled, enabled, paused', () => {
  it('47. stays disabled until it is enabled, then sends what comes next, and keeps the rest for a replay', async () => {
    const one = await stage.case()
    one.script({ status: 410 }, { status: 200 })
    await one.publish(text('gone'))
    await waitUntil(async () => (await one.status()).status === 'disabled', 'disabled')
    await one.publish(text('meanwhile'))
    await pause(3000)
    expect(one.values).toEqual(['gone'])
    await stage.api.post(`${one.root}/enable`)
    expect(await one.status()).toMatchObject({ status: 'enabled', statusReason: null })
    await one.publish(text('next'))
    await one.until(2)
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await one.until(4)
    await pause(500)
    expect(one.values).toEqual(['gone', 'next', 'gone', 'meanwhile'])
  })

  it('52. makes no planned attempt during a pause, and makes it when the pause is over', async () => {
    const one = await stage.case()
    one.script({ status: 500 }, { status: 200 })
    await one.publish(text('1'), text('2'))
    await one.untilStatus('failing')
    await one.patch({ status: 'paused' })
    await pause(3000)
    expect(one.values).toEqual(['1'])
    await one.patch({ status: 'enabled' })
    await one.until(3)
    expect(one.values).toEqual(['1', '1', '2'])
  })
})

describe.concurrent('G. Answers that come twice', () => {
  // What workerd makes of the second answer is told in docs/delivery.md, among the known limits.
  it('69. takes the first of two answers for its event, and brings every event to its end', async () => {
    const two = (socket: { write: (bytes: string) => void }) =>
      socket.write(`${ok}HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\nsure`)
    const endpoint = await RawEndpoint.start(two, two, two, (socket) => void socket.write(ok))
    const one = await stage.case({ url: endpoint.url })
    for (const value of range(1, 5)) {
      await one.publish(text(value))
      await waitUntil(async () => (await one.deliveries('status=delivered')).length === Number(value), value)
    }
    expect(new Set(endpoint.received.map(({ idEvent }) => idEvent)).size).toBe(5)
    const first = (await one.deliveries()).at(-1)
    expect(await one.attempts(first?.idEvent ?? '')).toMatchObject([
      { statusCode: 200, responseExcerpt: 'ok' },
    ])
    await endpoint.close()
  })
})

describe.concurrent('I. Idempotency', () => {
  it('65. refuses an Idempotency-Key that comes again with another body', async () => {
    const { idSession } = await stage.session()
    const send = (value: string) =>
      stage.api.request(
        'POST',
        `/v1/sessions/${idSession}/messages?wait=0`,
        { to: '34600111222', messageType: 'conversation', value },
        { 'idempotency-key': 'order-65' },
      )
    expect((await send('one')).status).toBe(202)
    expect(await send('two')).toMatchObject({ status: 422, body: { code: 'idempotencyConflict' } })
    expect((await send('one')).status).toBe(202)
  })

  it('65. makes one subscription of fifty requests at once with the same Idempotency-Key', async () => {
    const { idSession } = await stage.session()
    const body = { url: stage.endpoints.url(idSession), sessions: [idSession] }
    const answers = await Promise.all(
      range(1, 50).map(() =>
        stage.api.request('POST', '/v1/subscriptions', body, { 'idempotency-key': idSession }),
      ),
    )
    const ids = answers.map((answer) => (answer.body as { idSubscription: string }).idSubscription)
    expect(new Set(ids).size).toBe(1)
    expect(answers.every(({ status }) => status === 201)).toBe(true)
  })
})

describe.concurrent('L. The URL as it was given', () => {
  it.each([
    '',
    'a/b//c/',
    'hook?tenant=1&empty=&twice=1&twice=2',
    'a%2Fb/%20/%C3%B1?q=%26%3D+x',
    'ñandú?año=1',
    "~!$&'()*+,;=:@",
  ])('97. requests "/%s" as it stands, at its port', async (target) => {
    const endpoint = await RawEndpoint.start((socket) => void socket.write(ok))
    const one = await stage.case({ url: endpoint.url + target })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    const { pathname, search } = new URL(endpoint.url + target)
    expect(endpoint.received[0]?.target).toBe(pathname + search)
    expect((await one.attempts(idEvent))[0]?.url).toBe(endpoint.url + target)
    await endpoint.close()
  })
})

describe.concurrent('M. All sessions', () => {
  it('100. a subscription that names no session gets the events of one that is made later, and of its tenant alone', async () => {
    const { api, path } = await secondTenant()
    const before = stage.endpoints.received(path).length
    const later = await api.post<{ idSession: string }>('/v1/sessions', {})
    const other = await stage.case()
    await other.publish(text('of another tenant'))
    await other.until(1)
    await waitUntil(
      () =>
        stage.endpoints
          .received(path)
          .slice(before)
          .some(({ body }) => body.includes(later.idSession)),
      'the event of the later session',
    )
    expect(stage.endpoints.received(path).some(({ body }) => body.includes(other.idSession))).toBe(false)
  })
})

describe.concurrent('N. The log', () => {
  it('105. finds deliveries by status and by session, and refuses a status that does not exist', async () => {
    const one = await stage.case({ ordering: 'none' })
    const { idSession, link } = await stage.session()
    await one.patch({ sessions: [one.idSession, idSession] })
    one.scriptMatching('"bad"', { status: 500 })
    await one.publish(text('good'), text('bad'))
    link.commit([{ idSession, ...text('elsewhere') }])
    await waitUntil(async () => (await one.deliveries('status=exhausted')).length === 1, 'a dead letter')
    await waitUntil(async () => (await one.deliveries('status=delivered')).length === 2, 'two deliveries')
    expect(await one.deliveries(`idSession=${idSession}`)).toMatchObject([{ status: 'delivered' }])
    expect(await one.deliveries(`idSession=${one.idSession}&status=delivered`)).toHaveLength(1)
    expect(await one.deliveries(`idSession=${idSession}&status=exhausted`)).toEqual([])
    for (const [query, status] of [
      ['status=lost', 422],
      ['limit=0', 422],
      ['limit=201', 422],
      ['idSession=nobody', 404],
    ] as const) {
      expect((await stage.api.request('GET', `${one.root}/deliveries?${query}`)).status, query).toBe(status)
    }
  })

  it('107. keeps of an answer only so much, as text, whatever bytes it has', async () => {
    const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x5c, 0x0a, 0xf0, 0x9f])
    const endpoint = await RawEndpoint.start((socket) => {
      const body = Buffer.concat([bytes, Buffer.alloc(5000, '<script>')])
      socket.write(`HTTP/1.1 400 No\r\ncontent-type: text/html\r\ncontent-length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
    const one = await stage.case({ url: endpoint.url })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('failing')
    const [attempt] = await one.attempts(idEvent)
    expect(attempt?.responseExcerpt).toHaveLength(1024)
    expect(attempt?.responseExcerpt?.startsWith('\u0000\u0001\u0002\ufffd\ufffd\ufffd("\\\n')).toBe(true)
    const response = await fetch(`${stage.installation.url}${one.root}/deliveries/${idEvent}`, {
      headers: { authorization: `Bearer ${stage.installation.firstKey.key}` },
    })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    await endpoint.close()
  })

  it('109. offers to enable a disabled endpoint again when its test goes well, and not before', async () => {
    const one = await stage.case()
    one.script({ status: 410 }, { status: 500 }, { status: 200 })
    await one.publish(text('x'))
    await waitUntil(async () => (await one.status()).status === 'disabled', 'disabled')
    const test = () =>
      stage.api.post<{ delivered: boolean; enableUrl: string | null }>(`${one.root}/test`, {})
    expect(await test()).toMatchObject({ delivered: false, enableUrl: null })
    const { delivered, enableUrl } = await test()
    expect([delivered, enableUrl]).toEqual([true, `${one.root}/enable`])
    const tested = one.received.slice(1)
    for (const { body, headers } of tested)
      expect(new Webhook(one.secret).verify(body, headers)).toMatchObject({ isTest: true })
    expect(new Set(tested.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
    // It was a test alone: nothing is counted, and nothing is enabled.
    expect(await one.status()).toMatchObject({ status: 'disabled', statusReason: 'gone' })
    expect(await one.deliveries()).toHaveLength(1)
    expect(await stage.api.post(enableUrl ?? '')).toMatchObject({ status: 'enabled' })
    expect(await test()).toMatchObject({ delivered: true, enableUrl: null })
  })

  it('109. counts no failing test: fifty of them leave the endpoint enabled and its figures as they were', async () => {
    const one = await stage.case()
    await one.publish(text('x'))
    await one.untilStatus('delivered')
    const before = await one.health()
    one.script({ status: 500 })
    for (const _ of range(1, 50)) await stage.api.post(`${one.root}/test`, {})
    expect(one.received).toHaveLength(51)
    expect(await one.health()).toEqual(before)
    one.script({ status: 200 })
    // No breaker is in the way of what comes next.
    await one.publish(text('y'))
    await one.until(52, 2000)
  })
})

// By themselves: they load the Worker.
describe('F. G. Many endpoints', () => {
  it('54. serves a tenant as fast as before while another one’s endpoints all hang', async () => {
    const { api, path } = await secondTenant()
    const { idSession, link } = await stage.session(api)
    /** How long each of ten events takes from its commit to its webhook, in order of size. */
    const measure = async () => {
      const waits: number[] = []
      for (const value of range(1, 10)) {
        const event = text(value)
        const startedAt = Date.now()
        link.commit([{ idSession, ...event }])
        const has = () => stage.endpoints.received(path).some(({ body }) => body.includes(event.idEvent))
        await waitUntil(has, 'its webhook')
        waits.push(Date.now() - startedAt)
      }
      return waits.toSorted((one, other) => one - other)
    }
    const alone = await measure()
    const hanging = await Promise.all(range(1, 15).map(() => stage.case({ ordering: 'none' })))
    for (const one of hanging) one.script({ fault: 'hang' })
    await Promise.all(hanging.map((one) => one.publish(...range(1, 20).map((value) => text(value)))))
    await waitUntil(
      () => hanging.every(({ path: of }) => stage.endpoints.concurrent(of) === 6),
      'ninety hang',
    )
    const beside = await measure()
    expect(hanging.every(({ path: of }) => stage.endpoints.concurrent(of) === 6)).toBe(true)
    expect(beside[5]).toBeLessThanOrEqual((alone[5] ?? 0) * 2 + 50)
    await Promise.all(hanging.map((one) => stage.api.delete(one.root)))
  })

  it('46. does not disable for a thousand failures within a minute, without any success', async () => {
    const sessions = await Promise.all(range(1, 100).map(() => stage.session()))
    const all = await stage.case({ sessions: sessions.map(({ idSession }) => idSession), ordering: 'none' })
    all.script({ status: 500 })
    const startedAt = Date.now()
    for (const { idSession, link } of sessions)
      link.commit(range(1, 12).map((value) => ({ idSession, ...text(`${idSession} ${value}`) })))
    // Each session finds out by five to ten failures, and probes from then on.
    await all.until(1000, 55_000)
    expect(Date.now() - startedAt).toBeLessThan(60_000)
    expect(await all.status()).toMatchObject({ status: 'enabled', statusReason: null })
  }, 120_000)
})

/** Another tenant, with a session of its own and a subscription to everything of all its sessions. */
async function secondTenant(): Promise<{ api: Api; idSession: string; path: string }> {
  const admin = new Api(stage.installation.url, stage.installation.secrets.adminToken)
  const { idTenant } = await admin.post<{ idTenant: string }>('/v1/tenants', { name: 'Other' })
  const { key } = await admin.post<{ key: string }>(`/v1/tenants/${idTenant}/api-keys`, {})
  const api = new Api(stage.installation.url, key)
  const path = idTenant
  await api.post('/v1/subscriptions', { url: stage.endpoints.url(path), events: ['*'] })
  const { idSession } = await api.post<{ idSession: string }>('/v1/sessions', {})
  await waitUntil(() => stage.endpoints.received(path).length >= 1, 'its first event')
  return { api, idSession, path }
}
