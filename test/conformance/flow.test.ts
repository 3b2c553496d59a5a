import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const numbers = (values: string[]) => values.map(Number)
const sorted = (values: string[]) => numbers(values).toSorted((one, other) => one - other)

describe.concurrent('F. Disable, breaker, throttle', () => {
  // The five days (44 to 46) are in history.test.ts and endpoints.test.ts.
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
    // Ten until it is found out, then one at a time.
    const from = one.received.length
    expect(from).toBeLessThanOrEqual(10 + 5)
    one.script({ status: 200 })
    await waitUntil(async () => (await one.health())?.[0]?.lagEvents === 0, 'the backlog', 30_000)
    expect(new Set(one.values.slice(from)).size).toBe(200 - (await one.deliveries('status=exhausted')).length)
    expect(new Set(one.values.slice(from)).size).toBe(one.values.length - from)
    for (let chat = 0; chat < 20; chat++) {
      const ofChat = numbers(one.values.slice(from)).filter((value) => value % 20 === chat)
      expect(ofChat).toEqual(ofChat.toSorted((first, second) => first - second))
    }
  })

  it('51. keeps to the rate limit without using up attempts', async () => {
    const one = await stage.case({ rateLimitPerSecond: 5, ordering: 'none' })
    await one.publish(...range(1, 50).map((value) => text(value)))
    const received = await one.until(50, 30_000)
    const times = received.map(({ at }) => at)
    for (const start of times) {
      expect(times.filter((at) => at >= start && at < start + 1000).length).toBeLessThanOrEqual(6)
    }
    await waitUntil(async () => (await one.health())?.[0]?.lagEvents === 0, 'all settled')
    const deliveries = await one.deliveries('limit=100')
    expect(deliveries.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      Array(50).fill('delivered 1'),
    )
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
    const waits: number[] = []
    for (const value of range(1, 20)) {
      const startedAt = Date.now()
      await one.publish(text(value))
      waits.push(Date.now() - startedAt)
    }
    // Six hang, the others wait: no publication waits for any of them.
    expect(stage.endpoints.concurrent(one.path)).toBe(6)
    expect(Math.max(...waits)).toBeLessThan(1000)
  })

  it('81. lets a seventh delivery wait its turn; none is cancelled', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ delayMs: 300 })
    await one.publish(...range(1, 14).map((value) => text(value)))
    await waitUntil(async () => (await one.deliveries('status=delivered')).length === 14, 'all delivered')
    expect((await one.deliveries()).every(({ attempts }) => attempts === 1)).toBe(true)
    expect(one.received).toHaveLength(14)
    expect(stage.endpoints.mostConcurrent(one.path)).toBe(6)
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
    const slowly = { status: 500, headers: { 'retry-after': '4' } }
    one.scriptMatching('"a1"', slowly, { status: 500 }, { status: 200 })
    await one.publish(...range(1, 20).flatMap((value) => [text(`a${value}`, 'a1'), text(`b${value}`, 'b')]))
    await one.until(42)
    const secondTry = one.values.indexOf('a1', one.values.indexOf('a1') + 1)
    expect(one.values.indexOf('b20')).toBeLessThan(secondTry)
    const of = (chat: string) => one.values.filter((value) => value.startsWith(chat))
    expect(of('b')).toEqual(range(1, 20).map((value) => `b${value}`))
    expect(new Set(of('a'))).toEqual(new Set(range(1, 20).map((value) => `a${value}`)))
    const firsts = [...new Set(of('a'))]
    expect(firsts).toEqual(range(1, 20).map((value) => `a${value}`))
  })

  it('61. unordered, gives every event a sequence by which it can be put in order: a reaction after its message', async () => {
    const one = await stage.case({ ordering: 'none', events: ['*'] })
    one.scriptMatching('"value":"1"', { status: 500 }, { status: 200 })
    const message = text('1')
    const targetMessage = { idMessage: message.idMessage }
    await one.publish(
      message,
      ...range(2, 30).map((value) => text(value)),
      { ...text('31'), messageType: 'reactionMessage', targetMessage },
      { ...text('32'), messageType: 'editedMessage', targetMessage },
    )
    await one.until(33)
    const events = one.received.map(({ body }) => JSON.parse(body) as { sequence: number; value: string })
    // As they came they are out of order; by their sequence they are not.
    expect(events[0]?.value === '1' && events[1]?.value === '2' && events.at(-1)?.value === '32').toBe(false)
    const ordered = events.toSorted((first, second) => first.sequence - second.sequence)
    expect([...new Set(ordered.map(({ value }) => value))]).toEqual(range(1, 32))
    expect(new Set(events.map(({ sequence }) => sequence)).size).toBe(32)
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

  it('86. recovers the second time only what still fails, and the third time nothing', async () => {
    const one = await stage.case({ ordering: 'none' })
    // What stands first wins.
    one.scriptMatching('"bad 1', { status: 500 })
    one.scriptMatching('"bad ', { status: 500 })
    const dead = async () => (await one.deliveries('status=exhausted')).length
    await one.publish(text('good'), text('bad 1'), text('bad 2'))
    await waitUntil(async () => (await dead()) === 2, 'two dead letters')
    one.scriptMatching('"bad 1', { status: 200 })
    let before = one.received.length
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await waitUntil(
      async () => (await dead()) === 1 && (await one.health())?.[0]?.lagEvents === 0,
      'one is left',
      30_000,
    )
    expect(one.values.slice(before).filter((value) => value === 'bad 1')).toHaveLength(1)
    expect(one.values.slice(before)).not.toContain('good')
    one.scriptMatching('"bad ', { status: 200 })
    before = one.received.length
    await stage.api.post(`${one.root}/replay`, { onlyFailed: true })
    await one.until(before + 1)
    await waitUntil(async () => (await dead()) === 0, 'none is left')
    expect(one.values.slice(before)).toEqual(['bad 2'])
    before = one.received.length
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
    const { secret } = await one.subscribe({ url: stage.endpoints.url(path), events: ['subscriptionUpdate'] })
    // The notice is itself tried again, and nothing is told of that.
    stage.endpoints.script(path, [{ status: 500 }, { status: 200 }])
    await one.patch({ events: ['*'] })
    one.scriptMatching('"sick"', { status: 500 }, { status: 500 }, { status: 500 }, { status: 200 })
    await one.publish(text('sick'))
    await waitUntil(() => stage.endpoints.received(path).length === 3, 'two notices')
    await pause(1500)
    const told = stage.endpoints.received(path)
    const actions = told.map(({ body, headers }) => {
      const notice = new Webhook(secret).verify(body, headers) as Record<string, unknown>
      expect(notice).toMatchObject({ idSubscription: one.subscription.idSubscription })
      expect(headers['webhook-id']).toBe(notice['idEvent'])
      return notice['action']
    })
    expect(actions).toEqual(['failing', 'failing', 'recovered'])
    expect(told[1]?.headers['webhook-id']).toBe(told[0]?.headers['webhook-id'])
    expect(one.received.some(({ body }) => body.includes('subscriptionUpdate'))).toBe(false)
  })

  it('104. tells nothing of the delivery of what it tells, though two subscriptions fail at each other', async () => {
    const one = await stage.case({ events: ['subscriptionUpdate'] })
    const path = `${one.path}-other`
    await one.subscribe({ url: stage.endpoints.url(path), events: ['*'] })
    one.script({ status: 500 })
    stage.endpoints.script(path, [{ status: 500 }])
    await one.publish(text('sick'))
    const exhausted = () => one.received.filter(({ body }) => body.includes('"exhausted"'))
    await waitUntil(() => exhausted().length > 0, 'that it was given up', 30_000)
    await pause(6000)
    const { events } = await stage.api.get<{ events: { action: string }[] }>(
      `/v1/sessions/${one.idSession}/events?types=subscriptionUpdate`,
    )
    expect(events.map(({ action }) => action)).toEqual(['failing', 'exhausted'])
  })

  it('106. logs every attempt, and pages through deliveries without gaps while more come', async () => {
    const one = await stage.case()
    one.script({ status: 503, body: 'try later' }, { status: 200, body: 'thanks' })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    const url = stage.endpoints.url(one.path)
    const automatic = { url, trigger: 'automatic', durationMs: expect.any(Number) as number }
    const log = await one.attempts(idEvent)
    expect(log).toMatchObject([
      { ...automatic, statusCode: 503, errorClass: 'httpStatus', responseExcerpt: 'try later' },
      { ...automatic, statusCode: 200, errorClass: null, responseExcerpt: 'thanks', nextAttemptAt: null },
    ])
    const [first, second] = log.map(({ at }) => Date.parse(at))
    expect(Math.abs((first ?? 0) - (one.received[0]?.at ?? 0))).toBeLessThan(1000)
    const plannedAt = Date.parse(log[0]?.nextAttemptAt ?? '')
    expect((second ?? 0) - plannedAt).toBeGreaterThanOrEqual(0)
    expect((second ?? 0) - plannedAt).toBeLessThan(1000)
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
