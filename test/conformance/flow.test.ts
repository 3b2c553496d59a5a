import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConformanceStage, pause, range, text, waitUntil } from './stage.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

const numbers = (values: string[]) => values.map(Number)
const sorted = (values: string[]) => numbers(values).toSorted((one, other) => one - other)

describe.concurrent('F. Disable, breaker, throttle', () => {
  it('46. does not disable for the number of failures', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ status: 500 })
    await one.publish(...range(1, 300).map((value) => text(value)))
    await pause(4000)
    expect(await one.status()).toMatchObject({ status: 'enabled' })
  })

  it('48. sends nothing while disabled; what came meanwhile is there and can be replayed', async () => {
    const one = await stage.case()
    await stage.api.post(`${one.root}/disable`)
    await one.publish(text('1'), text('2'))
    await pause(500)
    expect(one.received).toHaveLength(0)
    const events = await stage.api.get<{ events: object[] }>(
      `/v1/sessions/${one.idSession}/events?types=conversation`,
    )
    expect(events.events).toHaveLength(2)
    await stage.api.post(`${one.root}/enable`)
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await one.until(2)
    expect(one.values).toEqual(['1', '2'])
  })

  it('50. probes an endpoint that is down one request at a time, then drains in order', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    const values = range(1, 200)
    await one.publish(...values.map((value) => text(value, String(Number(value) % 20))))
    await one.until(5)
    await pause(3000)
    const tried = one.received.length
    expect(tried).toBeLessThanOrEqual(20)
    one.script({ status: 200 })
    const from = one.received.length
    await waitUntil(async () => new Set(one.values.slice(from)).size >= 195, 'the backlog', 30_000)
    for (let chat = 0; chat < 20; chat++) {
      const ofChat = numbers(one.values.slice(from)).filter((value) => value % 20 === chat)
      expect(ofChat).toEqual(ofChat.toSorted((first, second) => first - second))
    }
  })

  it('51. keeps to the rate limit without using up attempts', async () => {
    const one = await stage.case({ rateLimitPerSecond: 10, ordering: 'none' })
    await one.publish(...range(1, 50).map((value) => text(value)))
    const received = await one.until(50, 30_000)
    const times = received.map(({ at }) => at)
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 1000).length).toBeLessThanOrEqual(12)
    }
    expect((await one.deliveries('limit=100')).every(({ attempts }) => attempts <= 1)).toBe(true)
  })

  it('52. attempts nothing while paused and loses nothing', async () => {
    const one = await stage.case()
    await one.patch({ status: 'paused' })
    await one.publish(...range(1, 20).map((value) => text(value)))
    await pause(500)
    expect(one.received).toHaveLength(0)
    await one.patch({ status: 'enabled' })
    await one.until(20)
    expect(one.values).toEqual(range(1, 20))
  })
})

describe.concurrent('G. Isolation and concurrency', () => {
  it('55. delivers in parallel up to six, never beyond', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ delayMs: 100 })
    await one.publish(...range(1, 40).map((value) => text(value)))
    await one.until(40)
    expect(stage.endpoints.mostConcurrent(one.path)).toBe(6)
  })

  it('56. acknowledges what is published however slow the endpoint is', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ delayMs: 5000 })
    const startedAt = Date.now()
    for (const value of range(1, 20)) await one.publish(text(value))
    expect(Date.now() - startedAt).toBeLessThan(4000)
  })

  it('81. lets a seventh delivery wait its turn; none is cancelled', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ delayMs: 300 })
    await one.publish(...range(1, 14).map((value) => text(value)))
    await waitUntil(async () => (await one.deliveries('status=delivered')).length === 14, 'all delivered')
    expect((await one.deliveries()).every(({ attempts }) => attempts === 1)).toBe(true)
  })
})

describe.concurrent('H. Ordering', () => {
  it('58. in one line, holds everything behind an event that fails twice', async () => {
    const one = await stage.case({ ordering: 'session' })
    one.scriptMatching('"3"', { status: 500 }, { status: 500 }, { status: 200 })
    await one.publish(...range(1, 100).map((value) => text(value, value)))
    await one.until(102)
    expect(one.values).toEqual(['1', '2', '3', '3', '3', ...range(4, 100)])
  })

  it('59. in one line, skips an event that is exhausted, tells of it, and goes on', async () => {
    const one = await stage.case({ ordering: 'session' })
    const path = `${one.path}-operator`
    await one.subscribe({ url: stage.endpoints.url(path), events: ['subscriptionUpdate'] })
    one.scriptMatching('"3"', { status: 500 })
    await one.publish(...range(1, 6).map((value) => text(value, value)))
    await one.until(9)
    expect(one.values).toEqual(['1', '2', '3', '3', '3', '3', '4', '5', '6'])
    await waitUntil(() => stage.endpoints.received(path).length === 2, 'two notices')
    const notices = stage.endpoints.received(path).map(({ body }) => JSON.parse(body) as { action: string })
    expect(notices.map(({ action }) => action)).toEqual(['failing', 'exhausted'])
  })

  it('60. by chat, lets the other chat go on and keeps both in order', async () => {
    const one = await stage.case()
    one.scriptMatching('"a1"', { status: 500 }, { status: 500 }, { status: 200 })
    await one.publish(...range(1, 20).flatMap((value) => [text(`a${value}`, 'a1'), text(`b${value}`, 'b')]))
    await one.until(42)
    const of = (chat: string) => one.values.filter((value) => value.startsWith(chat))
    expect(of('b')).toEqual(range(1, 20).map((value) => `b${value}`))
    expect(new Set(of('a'))).toEqual(new Set(range(1, 20).map((value) => `a${value}`)))
    const firsts = [...new Set(of('a'))]
    expect(firsts).toEqual(range(1, 20).map((value) => `a${value}`))
  })

  it('61. unordered, gives every event a sequence by which it can be put in order', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.scriptMatching('"1"', { status: 500 }, { status: 200 })
    await one.publish(...range(1, 30).map((value) => text(value)))
    await one.until(31)
    const events = one.received.map(({ body }) => JSON.parse(body) as { sequence: number; value: string })
    const ordered = events.toSorted((first, second) => first.sequence - second.sequence)
    expect([...new Set(ordered.map(({ value }) => value))]).toEqual(range(1, 30))
  })

  it('62. a resend by hand does not disturb the order of the others', async () => {
    const one = await stage.case({ ordering: 'session' })
    one.scriptMatching('"2"', { status: 500 }, { status: 200 })
    await one.publish(text('1'))
    const { idEvent } = await one.untilStatus('delivered')
    await one.publish(...range(2, 10).map((value) => text(value)))
    await stage.api.post(`${one.root}/deliveries/${idEvent}/retry`)
    await one.until(12)
    expect(one.values.filter((value) => value !== '1')).toEqual(['2', '2', ...range(3, 10)])
  })
})

describe.concurrent('I. Dedupe and idempotency', () => {
  it('63. takes an event that is published twice for one', async () => {
    const one = await stage.case()
    const event = text('once')
    await one.publish(event)
    await one.publish(event)
    await one.publish(text('next'))
    await one.until(2)
    expect(one.values).toEqual(['once', 'next'])
  })

  it('64. takes the same event fifty times at once for one', async () => {
    const one = await stage.case()
    const event = text('once')
    await Promise.all(Array.from({ length: 50 }, () => one.publish(event)))
    await one.publish(text('next', '2'))
    await one.until(2)
    await pause(300)
    expect(one.values.toSorted((first, second) => (first < second ? 1 : -1))).toEqual(['once', 'next'])
  })

  it('68. sends again, with the same id, what was answered before the connection broke', async () => {
    const one = await stage.case()
    one.script({ fault: 'reset' }, { status: 200 })
    await one.publish(text('x'))
    const [first, second] = await one.until(2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  })
})

describe.concurrent('K. Replay, recovery, retention', () => {
  it('82. resends one at once, marked manual; its failure adds no retries', async () => {
    const one = await stage.case()
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    one.script({ status: 500 })
    await stage.api.post(`${one.root}/deliveries/${idEvent}/retry`)
    await pause(2500)
    expect(one.received).toHaveLength(2)
    expect(one.received[1]?.body).toBe(one.received[0]?.body)
    expect((await one.attempts(idEvent)).at(-1)).toMatchObject({ trigger: 'manual', statusCode: 500 })
  })

  it('83. recovers what failed since a time, once, and nothing that was delivered', async () => {
    const one = await stage.case({ ordering: 'none' })
    const since = new Date().toISOString()
    one.scriptMatching('"bad ', { status: 500 })
    await one.publish(text('good 1'), text('bad 1'), text('good 2'), text('bad 2'))
    await waitUntil(async () => (await one.deliveries('status=exhausted')).length === 2, 'two dead letters')
    const before = one.received.length
    one.scriptMatching('"bad ', { status: 200 })
    await stage.api.post(`${one.root}/replay`, { since, onlyFailed: true })
    await one.until(before + 2)
    await pause(300)
    expect(one.values.slice(before)).toEqual(['bad 1', 'bad 2'])
    const old = new Date(Date.now() - 9 * 86_400_000).toISOString()
    expect((await stage.api.request('POST', `${one.root}/replay`, { since: old })).status).toBe(422)
  })

  it('85. runs a large replay in the background; live events pass it', async () => {
    const one = await stage.case({ ordering: 'none' })
    await one.publish(...range(1, 600).map((value) => text(value)))
    await one.until(600)
    one.script({ delayMs: 30 })
    await stage.api.post(`${one.root}/replay`, {})
    await one.until(620)
    const before = one.received.length
    await one.publish(text('live'))
    await waitUntil(() => one.values.includes('live'), 'the live event')
    expect(one.values.indexOf('live') - before).toBeLessThan(60)
    await one.until(1201, 30_000)
  })

  it('86. finds nothing left to recover the second time', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.untilStatus('exhausted')
    one.script({ status: 200 })
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await one.untilStatus('delivered')
    const before = one.received.length
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await pause(500)
    expect(one.received).toHaveLength(before)
  })

  it('87. refuses to replay on a disabled endpoint', async () => {
    const one = await stage.case()
    await stage.api.post(`${one.root}/disable`)
    const { status, body } = await stage.api.request('POST', `${one.root}/replay`, {})
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'subscriptionNotEnabled' })
  })
})

describe.concurrent('N. Operational events, log, limits', () => {
  it('104. tells failing then recovered, signed, once, to the others only', async () => {
    const one = await stage.case()
    const path = `${one.path}-operator`
    await one.subscribe({ url: stage.endpoints.url(path), events: ['subscriptionUpdate'] })
    await one.patch({ events: ['*'] })
    one.scriptMatching('"sick"', { status: 500 }, { status: 500 }, { status: 500 }, { status: 200 })
    await one.publish(text('sick'))
    await waitUntil(() => stage.endpoints.received(path).length === 2, 'two notices')
    const actions = stage.endpoints
      .received(path)
      .map(({ body }) => (JSON.parse(body) as { action: string }).action)
    expect(actions).toEqual(['failing', 'recovered'])
    expect(one.received.some(({ body }) => body.includes('subscriptionUpdate'))).toBe(false)
  })

  it('106. logs every attempt, and pages through deliveries without gaps while more come', async () => {
    const one = await stage.case()
    one.script({ status: 503, body: 'try later' }, { status: 200, body: 'thanks' })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    expect(await one.attempts(idEvent)).toMatchObject([
      { statusCode: 503, errorClass: 'httpStatus', trigger: 'automatic', responseExcerpt: 'try later' },
      { statusCode: 200, errorClass: null, trigger: 'automatic', responseExcerpt: 'thanks' },
    ])
    await one.publish(...range(1, 30).map((value) => text(value)))
    await one.until(32)
    const sequences: number[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: { deliveries: { sequence: number }[]; cursor: string | null } = await stage.api.get(
        `${one.root}/deliveries?limit=7${cursor ? `&cursor=${cursor}` : ''}`,
      )
      sequences.push(...page.deliveries.map(({ sequence }) => sequence))
      cursor = page.cursor
      await one.publish(text('more'))
    }
    expect(sequences).toEqual(sorted(sequences.map(String)).toReversed())
    expect(new Set(sequences).size).toBe(31)
  })
})
