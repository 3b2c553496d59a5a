import { afterEach, describe, expect, it, vi } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { makeSecret } from '../../../worker/dispatcher/sign.ts'
import { byText, makeDelivery, passSeconds, secret, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)

describe('policy', () => {
  it.each([200, 201, 202, 204, 299])('takes %i for delivered', async (status) => {
    const { endpoint, log, describe: view } = await makeDelivery()
    await endpoint.script({ status })
    await log(text('x'))
    await until(async () => (await view()).lastSuccessAt !== null, 'delivered')
    expect(await view()).toMatchObject({ failing: 0, lag: 0 })
  })

  it.each([400, 401, 403, 404, 409, 422, 500, 503])('tries again after %i', async (status) => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status }, { status: 200 })
    await log(text('x'))
    await until(async () => (await view()).failing === 1, 'failed')
    await passTo(10)
    await until(async () => (await endpoint.values()).length === 2, 'tried again')
  })

  it.each([301, 302, 307, 308])('does not follow a %i', async (status) => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    const { endpoint: elsewhere } = await makeDelivery()
    await endpoint.script({ status, headers: { location: elsewhere.url } })
    await log(text('x'))
    await until(async () => (await view()).failing === 1, 'failed')
    const { deliveries } = await dispatcher.listDeliveries({ limit: 1 })
    expect(deliveries).toMatchObject([{ status: 'failing', lastStatusCode: status, lastError: 'redirect' }])
    expect(await elsewhere.received()).toEqual([])
  })

  it('disables the subscription on 410, tells the others once, and sends nothing more', async () => {
    const { endpoint, session, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 410 })
    await log(text('gone'), text('after'))
    await until(async () => (await view()).status === 'disabled', 'disabled')
    await passTo(10)
    await log(text('later'))
    await passTo(100)
    expect(await endpoint.values()).toEqual(['gone'])
    const { entries } = await session.readLog({ after: 0, limit: 100, maxBytes: 1_000_000 })
    const told = entries
      .map(({ body }) => JSON.parse(body))
      .filter((e) => e.messageType === 'subscriptionUpdate')
    expect(told).toMatchObject([{ action: 'disabled', reason: 'gone' }])
  })

  it('obeys webhook-delivery: abort-message gives one event up, disable the subscription', async () => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('poison', { status: 422, headers: { 'webhook-delivery': 'abort-message' } })
    await endpoint.scriptMatching('enough', { status: 200, headers: { 'webhook-delivery': 'disable' } })
    await log(text('poison'), text('fine'), text('enough'), text('late'))
    await until(async () => (await view()).status === 'disabled', 'disabled')
    expect(await endpoint.values()).toEqual(['poison', 'fine', 'enough'])
    const { deliveries } = await dispatcher.listDeliveries({ status: 'exhausted', limit: 5 })
    expect(deliveries).toMatchObject([{ attempts: 1, lastStatusCode: 422 }])
  })

  it('reads webhook-delivery whatever its case, and among other words', async () => {
    const { endpoint, log, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('poison', { status: 422, headers: { 'webhook-delivery': 'Abort-Message' } })
    await endpoint.scriptMatching('enough', {
      status: 500,
      headers: { 'webhook-delivery': 'unknown, Disable' },
    })
    await log(text('poison'))
    await until(async () => (await view()).exhausted === 1, 'given up')
    await log(text('enough'))
    await until(async () => (await view()).status === 'disabled', 'disabled')
  })

  it.each([
    [429, 'open'],
    [502, 'open'],
    [503, 'open'],
    [504, 'open'],
    [500, 'closed'],
  ])('after one %i holds everything back: %s', async (status, breaker) => {
    const { endpoint, log, describe: view } = await makeDelivery()
    await endpoint.script({ status })
    await log(text('x'))
    await until(async () => (await view()).failing === 1, 'failed')
    expect((await view()).breaker).toBe(breaker)
  })

  it('waits as long as Retry-After asks, and with it everything else', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('slow', { status: 429, headers: { 'retry-after': '60' } }, { status: 200 })
    await log(text('slow', '1'))
    await until(async () => (await view()).breaker === 'open', 'slowed')
    await log(text('other', '2'))
    await passTo(30)
    expect(await endpoint.values()).toEqual(['slow'])
    await passTo(45)
    await until(async () => (await endpoint.values()).length === 3, 'both')
  })

  it('probes an endpoint that is down, one request at a time, and drains in order when it is back', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    const values = range(1, 60)
    await log(...values.map((value, index) => text(value, String(index % 10))))
    await until(async () => (await view()).breaker === 'open', 'open')
    await until(async () => (await view()).state === 'down', 'down')
    const tried = (await endpoint.values()).length
    expect(tried).toBeLessThanOrEqual(12)
    await passTo(10)
    await passTo(50)
    expect((await endpoint.values()).length - tried).toBeLessThanOrEqual(2)
    await endpoint.script({ status: 200 })
    const from = (await endpoint.values()).length
    for (let round = 0; round < 12 && (await view()).lag > 0; round++) await passTo(100)
    await until(async () => (await view()).lag === 0, 'drained')
    const delivered = (await endpoint.values()).slice(from)
    expect(delivered.toSorted((one, other) => Number(one) - Number(other))).toEqual(values)
    for (let chat = 0; chat < 10; chat++) {
      const ofChat = delivered.filter((value) => (Number(value) - 1) % 10 === chat).map(Number)
      expect(ofChat).toEqual(ofChat.toSorted((one, other) => one - other))
    }
  })

  it('uses both secrets during a rotation, and only the new one after it', async () => {
    const next = makeSecret()
    const { endpoint, change, log, passTo } = await makeDelivery()
    await change({ secrets: [{ secret: next }, { secret, expiresAt: Date.now() + 60_000 }] })
    await endpoint.script({ status: 500 }, { status: 200 })
    await log(text('x'))
    await until(async () => (await endpoint.values()).length === 1, 'the first attempt')
    const [first] = await endpoint.received()
    expect(first?.headers['webhook-signature']?.split(' ')).toHaveLength(2)
    for (const key of [secret, next]) new Webhook(key).verify(first?.body ?? '', first?.headers ?? {})
    await passTo(90)
    await until(async () => (await endpoint.values()).length === 2, 'the second attempt')
    const [, second] = await endpoint.received()
    new Webhook(next).verify(second?.body ?? '', second?.headers ?? {})
    expect(() => new Webhook(secret).verify(second?.body ?? '', second?.headers ?? {})).toThrow(
      'No matching signature found',
    )
  })

  it('sends what waits by the new URL, filter and headers', async () => {
    const { endpoint, change, log, passTo } = await makeDelivery()
    const { endpoint: moved } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(text('x'))
    await until(async () => (await endpoint.values()).length === 1, 'the first attempt')
    // Names that are refused when they are saved; what was saved before they were is not sent either.
    const refused = { 'Webhook-Id': 'mine', 'User-Agent': 'me', Cookie: 'a=b', 'X-Forwarded-For': '1.2.3.4' }
    const headers = { 'X-Team': 'blue', ...refused }
    await change({ url: moved.url, headers })
    await passTo(10)
    await until(async () => (await moved.values()).length === 1, 'the second attempt')
    const [received] = await moved.received()
    expect(received?.headers).toMatchObject({ 'x-team': 'blue' })
    expect(received?.headers['webhook-id']).toMatch(/^evt_/)
    expect(received?.headers['user-agent']).toMatch(/^ChatLink/)
    expect(Object.keys(received?.headers ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(cookie|x-forwarded-for)$/)]),
    )
    expect((await endpoint.values()).length).toBe(1)
  })

  it('loses nothing when the ordering changes while events of the same chat fail in both orders', async () => {
    const { endpoint, log, change, passTo, describe: view } = await makeDelivery({ ordering: 'none' })
    await endpoint.script({ status: 500 })
    await log(text('first', 'a'), text('second', 'a'))
    await until(async () => (await view()).failing === 2, 'two failures')
    await change({ ordering: 'chat' })
    await log(text('third', 'a'), text('fourth', 'a'))
    await until(async () => (await view()).failing === 3, 'three failures')
    await endpoint.script({ status: 200 })
    for (let round = 0; round < 3; round++) await passTo(10)
    await until(async () => (await view()).lag === 0, 'all settled')
    const delivered = (await endpoint.received()).filter(({ status }) => status === 200)
    const values = delivered.map(({ body }) => (JSON.parse(body) as { value: string }).value)
    expect(values.toSorted(byText)).toEqual(['first', 'fourth', 'second', 'third'])
    expect(values.indexOf('third')).toBeLessThan(values.indexOf('fourth'))
  })

  it('keeps everything during a pause and sends it after', async () => {
    const { endpoint, change, log } = await makeDelivery()
    await change({ status: 'paused' })
    await log(text('1'), text('2'), text('3'))
    expect(await endpoint.values()).toEqual([])
    await change({ status: 'enabled' })
    await until(async () => (await endpoint.values()).length === 3, 'all')
    expect(await endpoint.values()).toEqual(['1', '2', '3'])
  })

  it('42, 80. never sends after it was destroyed, and keeps nothing', async () => {
    const { endpoint, dispatcher, log, passTo, evict, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(text('x'))
    await until(async () => (await view()).failing === 1, 'failed')
    await dispatcher.destroy()
    await passTo(10)
    expect(await dispatcher.wake({ head: 5, entries: [] })).toMatchObject({
      code: 'notConfigured',
    })
    expect(await endpoint.values()).toEqual(['x'])
    expect(await view()).toMatchObject({ lag: 0, cursor: 0 })
    await evict()
    expect(await view()).toMatchObject({ lag: 0, cursor: 0 })
  })

  it('42. ends what is under way when it is destroyed', async () => {
    const { endpoint, dispatcher, log } = await makeDelivery()
    await endpoint.script({ fault: 'hang' })
    await log(text('x'))
    await until(async () => (await endpoint.concurrent()) === 1, 'under way')
    await dispatcher.destroy()
    await until(async () => (await endpoint.concurrent()) === 0, 'ended')
  })

  it('44, 46. disables after five days of nothing but failure, once, and not for a number of failures', async () => {
    const { endpoint, session, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(...range(1, 30).map((value) => text(value, value)))
    await until(async () => (await view()).breaker === 'open', 'open')
    for (let round = 0; round < 20; round++) await passTo(200)
    expect(await view()).toMatchObject({ status: 'enabled' })
    passSeconds(5 * 86_400)
    for (let round = 0; round < 4; round++) await passTo(200)
    expect(await view()).toMatchObject({ status: 'disabled', disabledReason: 'onlyFailures' })
    const { entries } = await session.readLog({ after: 0, limit: 1000, maxBytes: 10_000_000 })
    const told = entries.map(({ body }) => JSON.parse(body)).filter((e) => e.action === 'disabled')
    expect(told).toHaveLength(1)
  })

  it('45. begins to count the five days again after a success', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(...range(1, 20).map((value) => text(value, value)))
    await until(async () => (await view()).breaker === 'open', 'open')
    for (let round = 0; round < 12; round++) await passTo(200)
    passSeconds(3 * 86_400)
    await endpoint.script({ status: 200 }, { status: 500 })
    for (let round = 0; round < 3; round++) await passTo(200)
    passSeconds(3 * 86_400)
    for (let round = 0; round < 3; round++) await passTo(200)
    expect(await view()).toMatchObject({ status: 'enabled' })
  })

  it('sends at most so many a second as the subscription allows', async () => {
    const { endpoint, log } = await makeDelivery({ rateLimitPerSecond: 20, ordering: 'none' })
    await log(...range(1, 30).map((value) => text(value)))
    await until(async () => (await endpoint.values()).length === 30, 'all')
    const times = (await endpoint.received()).map(({ at }) => at)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1300)
  })

  it('holds at most six connections', async () => {
    const { endpoint, log } = await makeDelivery({ ordering: 'none' })
    await endpoint.script({ delayMs: 30 })
    await log(...range(1, 30).map((value) => text(value)))
    await until(async () => (await endpoint.values()).length === 30, 'all')
    expect(await endpoint.mostConcurrent()).toBe(6)
  })
})
