import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConformanceStage, schedule } from './stage.ts'
import { range, text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start({ CHATLINK_PUBLIC_URL: 'http://chatlink.example' })
})

afterAll(async () => {
  await stage?.stop()
})

describe.concurrent('C. Success and failure classification', () => {
  it('17. takes any 2xx for delivered, once', async () => {
    const one = await stage.case()
    for (const status of [200, 201, 202, 204, 299]) one.scriptMatching(`"${status}"`, { status })
    await one.publish(...[200, 201, 202, 204, 299].map((status) => text(String(status))))
    await one.until(5)
    await waitUntil(async () => (await one.deliveries('status=delivered')).length === 5, 'five deliveries')
    await pause(1500)
    expect(one.received).toHaveLength(5)
  })

  it('19. never follows a redirect', async () => {
    const one = await stage.case({ ordering: 'none' })
    const target = `${one.path}-target`
    for (const status of [301, 302, 307, 308]) {
      const headers = { location: stage.endpoints.url(target) }
      one.scriptMatching(`"${status}"`, { status, headers })
    }
    await one.publish(...[301, 302, 307, 308].map((status) => text(String(status))))
    await waitUntil(async () => (await one.deliveries('status=exhausted')).length === 4, 'four dead letters')
    expect((await one.deliveries()).every(({ lastError }) => lastError === 'redirect')).toBe(true)
    expect(stage.endpoints.received(target)).toHaveLength(0)
  })

  it.each([400, 401, 403, 404, 409, 422, 500, 503])('20. tries again after %i', async (status) => {
    const one = await stage.case()
    one.script({ status }, { status: 200 })
    await one.publish(text('x'))
    await one.until(2)
    await one.untilStatus('delivered')
  })

  it('21. tells a refused connection, an unknown name and a failing TLS apart, and tries again', async () => {
    const cases = [
      ['http://127.0.0.1:2/', 'connectionFailed'],
      ['http://no-such-host.invalid/', 'dnsFailed'],
      // A server that speaks no TLS; certificates are in answers.test.ts.
      [stage.endpoints.url('tls').replace('http:', 'https:'), 'tlsFailed'],
    ] as const
    await Promise.all(
      cases.map(async ([url, error]) => {
        const one = await stage.case({ url })
        await one.publish(text('x'))
        const { idEvent, ...delivery } = await one.untilStatus('exhausted')
        expect(delivery, url).toMatchObject({ lastError: error, attempts: schedule.length + 1 })
        for (const attempt of await one.attempts(idEvent)) {
          expect(attempt).toMatchObject({ errorClass: error, statusCode: null, responseExcerpt: null })
        }
      }),
    )
  })

  it('23. takes 200 with an endless body for delivered, and lets the connection go', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ dripMs: 50 })
    await one.publish(...range(1, 12).map((value) => text(value)))
    const startedAt = Date.now()
    await waitUntil(async () => (await one.deliveries('status=delivered')).length === 12, 'all twelve')
    expect(one.received).toHaveLength(12)
    // Two seconds of a body are read; the second six could only begin when the first had let go.
    expect(Date.now() - startedAt).toBeLessThan(2 * 2000 + 1500)
    for (const { idEvent } of await one.deliveries()) {
      const [attempt] = await one.attempts(idEvent)
      expect(attempt?.durationMs).toBeLessThan(2600)
    }
    await waitUntil(() => stage.endpoints.concurrent(one.path) === 0, 'the endpoint sees all connections end')
  })

  it('23. stops reading a body that is sent for ever as fast as it can be', async () => {
    const one = await stage.case()
    one.script({ floodBytes: Infinity })
    await one.publish(text('x'))
    await one.untilStatus('delivered')
    await waitUntil(() => stage.endpoints.concurrent(one.path) === 0, 'the connection ends')
  })

  it('24. keeps the beginning of a body of ten megabytes', async () => {
    const one = await stage.case()
    one.script({ floodBytes: 10_000_000 })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered')
    const [attempt] = await one.attempts(idEvent)
    expect(attempt?.responseExcerpt).toBe('x'.repeat(1024))
  })

  it('27. refuses a header that cannot be sent before it can do harm', async () => {
    const one = await stage.case()
    const { status } = await stage.api.request('PATCH', one.root, { headers: { 'X-Bad': 'line\nbreak' } })
    expect(status).toBe(422)
  })
})

describe.concurrent('D. Timeouts', () => {
  it('28. waits 14 s for an answer, and calls 16 s a timeout', async () => {
    const slow = await stage.case()
    const late = await stage.case()
    slow.script({ delayMs: 14_000 })
    late.script({ delayMs: 16_500 }, { status: 200 })
    await slow.publish(text('slow'))
    await late.publish(text('late'))
    const delivered = await slow.untilStatus('delivered', 25_000)
    expect(delivered.attempts).toBe(1)
    const { idEvent } = await late.untilStatus('delivered', 25_000)
    const [first] = await late.attempts(idEvent)
    expect(first).toMatchObject({ errorClass: 'timeout', statusCode: null })
    expect(first?.durationMs).toBeGreaterThan(14_500)
    expect(first?.durationMs).toBeLessThan(16_400)
  })

  it('29. ends by its time while a body drips', async () => {
    const one = await stage.case()
    one.script({ status: 500, dripMs: 200 }, { status: 200 })
    await one.publish(text('x'))
    const { idEvent } = await one.untilStatus('delivered', 30_000)
    const [first] = await one.attempts(idEvent)
    expect(first?.durationMs).toBeGreaterThan(14_500)
    expect(first?.durationMs).toBeLessThan(16_400)
  })
})

describe.concurrent('E. Schedule', () => {
  it('32. tries at the times of the schedule, then gives up, after exactly one attempt more than it has', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    const delivery = await one.untilStatus('exhausted')
    expect(delivery).toMatchObject({
      attempts: schedule.length + 1,
      lastStatusCode: 500,
      nextAttemptAt: null,
    })
    const times = (await one.attempts(delivery.idEvent)).map(({ at }) => Date.parse(at))
    for (const [index, seconds] of schedule.entries()) {
      const waited = (times[index + 1] ?? 0) - (times[index] ?? 0)
      expect(waited).toBeGreaterThanOrEqual(seconds * 800 - 50)
      expect(waited).toBeLessThanOrEqual(seconds * 1200 + 700)
    }
    await pause(2500)
    expect(one.received).toHaveLength(schedule.length + 1)
  })

  it('33. makes exactly one attempt when the schedule is empty', async () => {
    const without = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: 'none' })
    try {
      const one = await without.case()
      one.script({ status: 500 })
      await one.publish(text('x'))
      expect(await one.untilStatus('exhausted')).toMatchObject({ attempts: 1, nextAttemptAt: null })
      await pause(3000)
      expect(one.received).toHaveLength(1)
    } finally {
      await without.stop()
    }
  })

  it('35. stops with the first success', async () => {
    const one = await stage.case()
    one.script({ status: 500 }, { status: 200 })
    await one.publish(text('x'))
    await one.untilStatus('delivered')
    await pause(3500)
    expect(one.received).toHaveLength(2)
  })

  it('36. obeys Retry-After in seconds and as a date, and ignores nonsense', async () => {
    const again = async (retryAfter: string) => {
      const one = await stage.case()
      one.script({ status: 503, headers: { 'retry-after': retryAfter } }, { status: 200 })
      await one.publish(text('x'))
      const [first, second] = await one.until(2)
      return { waitedMs: (second?.at ?? 0) - (first?.at ?? 0), at: second?.at ?? 0 }
    }
    const dateAt = Math.ceil(Date.now() / 1000) * 1000 + 6000
    const [seconds, date, ...ignored] = await Promise.all(
      ['7', new Date(dateAt).toUTCString(), '-10', 'soon', '', '7.5', new Date(0).toUTCString()].map(again),
    )
    expect(seconds?.waitedMs).toBeGreaterThanOrEqual(6990)
    expect(seconds?.waitedMs).toBeLessThan(9000)
    expect(date?.at).toBeGreaterThanOrEqual(dateAt - 10)
    expect(date?.at).toBeLessThan(dateAt + 2000)
    for (const { waitedMs } of ignored) expect(waitedMs).toBeLessThan(2500)
  })

  it('36. clamps an absurd Retry-After to an hour', async () => {
    const one = await stage.case()
    one.script({ status: 503, headers: { 'retry-after': '315360000' } })
    await one.publish(text('x'))
    const { nextAttemptAt } = await one.untilStatus('failing')
    const waitMs = Date.parse(nextAttemptAt ?? '') - Date.now()
    expect(waitMs).toBeGreaterThan(3_500_000)
    expect(waitMs).toBeLessThanOrEqual(3_601_000)
  })

  it('37. spares the whole endpoint after a 429', async () => {
    const one = await stage.case()
    one.scriptMatching('limited', { status: 429, headers: { 'retry-after': '3' } }, { status: 200 })
    await one.publish(text('limited', '1'))
    const [first] = await one.until(1)
    await pause(300)
    await one.publish(text('other', '2'))
    const [, second] = await one.until(2)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2900)
  })

  it('39. disables on 410, stops what waits, and tells the other subscriptions', async () => {
    const one = await stage.case()
    const path = `${one.path}-operator`
    await one.subscribe({ url: stage.endpoints.url(path), events: ['subscriptionUpdate'] })
    one.script({ status: 410 })
    await one.publish(text('1'), text('2'))
    await waitUntil(async () => (await one.status()).status === 'disabled', 'disabled')
    expect(await one.status()).toMatchObject({ statusReason: 'gone' })
    await waitUntil(() => stage.endpoints.received(path).length === 1, 'the notice')
    const notice = JSON.parse(stage.endpoints.received(path)[0]?.body ?? '') as object
    expect(notice).toMatchObject({ action: 'disabled', idSubscription: one.subscription.idSubscription })
    await pause(2500)
    expect(one.received).toHaveLength(1)
  })

  it('40. gives an event up on abort-message and the endpoint on disable', async () => {
    const one = await stage.case()
    one.scriptMatching('poison', { status: 400, headers: { 'webhook-delivery': 'abort-message' } })
    one.scriptMatching('enough', { status: 400, headers: { 'webhook-delivery': 'disable' } })
    await one.publish(text('poison'), text('fine'), text('enough'), text('late'))
    await waitUntil(async () => (await one.status()).status === 'disabled', 'disabled')
    expect(one.values).toEqual(['poison', 'fine', 'enough'])
    expect(await one.deliveries('status=exhausted')).toMatchObject([{ attempts: 1 }])
  })

  it('41. uses the new URL for what waits', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.until(1)
    await one.patch({ url: stage.endpoints.url(`${one.path}-new`) })
    await waitUntil(() => stage.endpoints.received(`${one.path}-new`).length === 1, 'the retry elsewhere')
    expect(one.received).toHaveLength(1)
  })

  it('42. sends nothing after the subscription was deleted', async () => {
    const one = await stage.case()
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.until(1)
    await stage.api.delete(one.root)
    await pause(2500)
    expect(one.received).toHaveLength(1)
  })
})

// What an installation in production refuses besides is in target.test.ts.
describe.concurrent('L. Targets, with those of development allowed', () => {
  const create = (url: string) => stage.api.request('POST', '/v1/subscriptions', { url })

  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'http://user:word@example.com/',
    'http://example.com/#fragment',
    'http://example.com:0/',
    'http://example.com:25/',
    'http://',
  ])('90. refuses %s', async (url) => {
    expect((await create(url)).status).toBe(422)
  })

  it.each(['chatlink.example', 'chatlink.example.', 'x.chatlink.example', 'CHATLINK.example'])(
    '94. refuses our own host %s',
    async (host) => {
      expect((await create(`http://${host}/hook`)).status).toBe(422)
    },
  )

  it('94. refuses the address that the API is called by, under any of its names', async () => {
    const { port } = new URL(stage.installation.url)
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1'])
      expect((await create(`http://${host}:${port}/v1/sessions`)).status).toBe(422)
  })

  it('94. refuses its own webhooks when they come back by another door, with a key that could act', async () => {
    const { hostname, port } = new URL(stage.installation.url)
    const door = createServer((socket) => {
      const behind = connect(Number(port), hostname)
      for (const one of [socket, behind]) one.on('error', () => undefined)
      socket.pipe(behind).pipe(socket)
    })
    await once(door.listen(0, '127.0.0.1'), 'listening')
    const one = await stage.case()
    const { idSession } = await stage.api.post<{ idSession: string }>('/v1/sessions', { start: false })
    const { key } = stage.installation.firstKey
    const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}/v1/sessions/${idSession}/start`
    await one.patch({ url, headers: { authorization: `Bearer ${key}` } })
    await one.publish(text('x'))
    expect(await one.untilStatus('failing')).toMatchObject({ lastStatusCode: 403 })
    expect(await stage.api.get(`/v1/sessions/${idSession}`)).toMatchObject({ state: 'stopped', sequence: 0 })
    door.close()
  })

  it('95. does not follow a public URL to a private one', async () => {
    const one = await stage.case()
    one.script({ status: 302, headers: { location: `${stage.installation.url}/healthz` } })
    await one.publish(text('x'))
    expect(await one.untilStatus('failing')).toMatchObject({ lastError: 'redirect', lastStatusCode: 302 })
  })
})
