import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Subscription } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { waitUntil } from './waiting.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

/** All that a request carries: nothing of ours slips in unseen. */
const usualHeaders = [
  'content-length',
  'content-type',
  'host',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]

const verify = (secret: string, one: { body: string; headers: Record<string, string> } | undefined) =>
  new Webhook(secret).verify(one?.body ?? '', one?.headers ?? {})

describe.concurrent('A. Wire format and signing', () => {
  it('3. is verified by a third-party library', async () => {
    const one = await stage.case()
    await one.publish(text('Hola'))
    const [received] = await one.until(1)
    expect(verify(one.secret, received)).toMatchObject({ value: 'Hola' })
  })

  it('4. signs a retry anew, with the same id and bytes', async () => {
    const one = await stage.case()
    one.script({ status: 500, headers: { 'retry-after': '2' } }, { status: 200 })
    await one.publish(text('again'))
    const [first, second] = await one.until(2)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThan(
      Number(first?.headers['webhook-timestamp']),
    )
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
    expect(second?.body).toBe(first?.body)
    verify(one.secret, second)
  })

  it('6. delivers the bytes that the log shows, whatever they hold', async () => {
    const one = await stage.case()
    const value = 'emoji 👩‍👩‍👧 separators \u2028\u2029 digits 12345678901234567890 nulls {"a":null} \u0000 \\ "'
    await one.publish(text(value))
    const [received] = await one.until(1)
    // The very bytes, not what they mean: they stand so in the answer of the log.
    const log = await stage.getText(`/v1/sessions/${one.idSession}/events?types=conversation`)
    expect(log).toContain(`[${received?.body}]`)
    expect((JSON.parse(received?.body ?? '') as { value: string }).value).toBe(value)
    verify(one.secret, received)
  })

  it('7. is a POST of JSON that names the product, without cookies or credentials', async () => {
    const one = await stage.case()
    one.script({ status: 500, headers: { 'set-cookie': 'id=1; Path=/' } }, { status: 200 })
    await one.publish(text('x'))
    for (const { method, headers } of await one.until(2)) {
      expect(method).toBe('POST')
      expect(headers).toMatchObject({ 'content-type': 'application/json' })
      expect(headers['user-agent']).toMatch(/^ChatLink\/\d+\.\d+\.\d+$/)
      expect(Object.keys(headers).toSorted()).toEqual(usualHeaders)
    }
  })

  it('8. stamps whole seconds of now; neither id nor timestamp holds a dot', async () => {
    const one = await stage.case()
    await one.publish(text('x'))
    const [received] = await one.until(1)
    const timestamp = received?.headers['webhook-timestamp'] ?? ''
    expect(timestamp).toMatch(/^\d+$/)
    expect(Math.abs(Number(timestamp) - (received?.at ?? 0) / 1000)).toBeLessThan(2)
    expect(received?.headers['webhook-id']).not.toContain('.')
  })

  it('9. gives each endpoint a secret of its own', async () => {
    const one = await stage.case()
    const other = await stage.case()
    await one.publish(text('x'))
    const [received] = await one.until(1)
    expect(() => verify(other.secret, received)).toThrow('No matching signature found')
  })

  it('10. takes secrets of 24 to 64 bytes and makes such itself', async () => {
    const { idSession } = await stage.session()
    const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
    for (const [bytes, status] of [
      [23, 422],
      [24, 201],
      [64, 201],
      [65, 422],
    ] as const) {
      const body = { url: stage.endpoints.url('x'), sessions: [idSession], secret: secretOf(bytes) }
      const answer = await stage.api.request('POST', '/v1/subscriptions', body)
      expect([bytes, answer.status]).toEqual([bytes, status])
    }
    const { secret } = (await stage.case()).subscription
    expect(secret).toMatch(/^whsec_/)
    expect(Buffer.from(secret.slice(6), 'base64').length).toBeGreaterThanOrEqual(24)
  })

  it('11. has no legacy signature that could take the place of the standard one', async () => {
    const one = await stage.case({ headers: { 'X-Signature': 'mine' } })
    await one.publish(text('x'))
    const [received] = await one.until(1)
    expect(received?.headers['x-signature']).toBe('mine')
    verify(one.secret, received)
    const refused = await stage.api.request('PATCH', one.root, { headers: { 'Webhook-Signature': 'v1,x' } })
    expect(refused.status).toBe(422)
  })
})

describe.concurrent('B. Secret rotation', () => {
  const rotate = (root: string, overlapSeconds: number) =>
    stage.api.post<{ secret: string }>(`${root}/rotate-secret`, { overlapSeconds })

  it('12. signs with both secrets during the overlap', async () => {
    const one = await stage.case()
    const { secret } = await rotate(one.root, 60)
    await one.publish(text('x'))
    const [received] = await one.until(1)
    const signatures = received?.headers['webhook-signature']?.split(' ') ?? []
    expect(signatures).toHaveLength(2)
    const verifies = (each: string, signature: string) => {
      const headers = { ...received?.headers, 'webhook-signature': signature }
      try {
        return Boolean(verify(each, { body: received?.body ?? '', headers }))
      } catch {
        return false
      }
    }
    // Each secret verifies one of them, and not the same one.
    const matrix = [one.secret, secret].map((each) =>
      signatures.map((signature) => verifies(each, signature)),
    )
    expect(matrix.map(String).toSorted()).toEqual(['false,true', 'true,false'])
  })

  it('13. signs only with the new secret after it, also what was queued before', async () => {
    const one = await stage.case()
    one.script({ status: 500, headers: { 'retry-after': '4' } }, { status: 200 })
    await one.publish(text('x'))
    await one.until(1)
    const { secret } = await rotate(one.root, 2)
    const [, second] = await one.until(2)
    verify(secret, second)
    expect(() => verify(one.secret, second)).toThrow('No matching signature found')
  })

  it('14. forgets the old secret at once without an overlap', async () => {
    const one = await stage.case()
    const { secret } = await rotate(one.root, 0)
    await one.publish(text('x'))
    const [received] = await one.until(1)
    verify(secret, received)
    expect(() => verify(one.secret, received)).toThrow('No matching signature found')
  })
})

describe.concurrent('M. Filters and fan-out', () => {
  it('98. delivers once where one filter of two matches', async () => {
    const one = await stage.case({ events: ['messageStatus'] })
    await one.subscribe({ url: stage.endpoints.url(`${one.path}-texts`) })
    await one.publish(text('x'))
    await waitUntil(() => stage.endpoints.received(`${one.path}-texts`).length === 1, 'one webhook')
    expect(one.received).toHaveLength(0)
  })

  it('99. without types means the eight of the contract; an unknown type is refused', async () => {
    const one = await stage.case({ events: null })
    await one.publish(text('x'), reaction())
    await one.publish(text('y'))
    await waitUntil(() => one.values.includes('y'), 'the last')
    expect(one.received.some(({ body }) => body.includes('reactionMessage'))).toBe(false)
    const answer = await stage.api.request('POST', '/v1/subscriptions', {
      url: stage.endpoints.url('x'),
      events: ['noSuchMessage'],
    })
    expect(answer.status).toBe(422)
  })

  it('101. keeps an event that nobody wants', async () => {
    const one = await stage.case({ events: ['messageStatus'] })
    await one.publish(text('unwanted'))
    const { body } = await stage.api.request('GET', `/v1/sessions/${one.idSession}/events?types=conversation`)
    expect(body).toMatchObject({ events: [{ value: 'unwanted' }] })
    expect(await one.deliveries()).toEqual([])
  })

  it('84, 102. gives a later subscription what comes later, and the rest by replay', async () => {
    const one = await stage.case()
    await one.publish(text('before'))
    await one.until(1)
    const path = `${one.path}-late`
    const late = await one.subscribe({ url: stage.endpoints.url(path) })
    await one.publish(text('after'))
    const values = () =>
      stage.endpoints.received(path).map(({ body }) => (JSON.parse(body) as { value: string }).value)
    await waitUntil(() => values().length === 1, 'the later event')
    expect(values()).toEqual(['after'])
    await stage.api.post(`/v1/subscriptions/${late.idSubscription}/replay`, { onlyFailed: true })
    await waitUntil(() => values().length === 2, 'the earlier event')
    expect(values()).toEqual(['after', 'before'])
  })

  it('103. keeps endpoints apart: one’s exhaustion leaves the other alone', async () => {
    const one = await stage.case()
    const path = `${one.path}-healthy`
    const healthy = await one.subscribe({ url: stage.endpoints.url(path) })
    one.script({ status: 500 })
    await one.publish(text('x'))
    await one.untilStatus('exhausted')
    expect(stage.endpoints.received(path)).toHaveLength(1)
    const { deliveries } = await stage.api.get<{ deliveries: object[] }>(
      `/v1/subscriptions/${healthy.idSubscription}/deliveries`,
    )
    expect(deliveries).toMatchObject([{ status: 'delivered', attempts: 1 }])
  })
})

describe.concurrent('N. Contract', () => {
  it('109. sends a test, signed and flagged, also to a disabled endpoint, and counts it nowhere', async () => {
    const one = await stage.case()
    await stage.api.post(`${one.root}/disable`)
    const result = await stage.api.post<object>(`${one.root}/test`, {})
    expect(result).toMatchObject({ delivered: true, statusCode: 200 })
    const [received] = await one.until(1)
    expect(verify(one.secret, received)).toMatchObject({ isTest: true })
    expect(await one.deliveries()).toEqual([])
    expect((await one.status()) satisfies Subscription).toMatchObject({ status: 'disabled' })
  })
})

function reaction(): Record<string, unknown> {
  return { ...text('👍'), messageType: 'reactionMessage', targetMessage: { idMessage: '3EB01' } }
}
