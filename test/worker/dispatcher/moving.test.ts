import { afterEach, describe, expect, it, vi } from 'vitest'
import { Endpoint } from '../support/endpoint.ts'
import { makeDelivery, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

const hour = { 'retry-after': '3600' }

/** The URL changes while the endpoint's answer to the first event is on its way. */
async function moveDuring(step: { status: number; headers?: Record<string, string> }) {
  const delivery = await makeDelivery({ events: ['conversation'] })
  const { endpoint, change, log } = delivery
  const next = new Endpoint()
  await endpoint.script({ ...step, delayMs: 400 })
  await log(text('1'))
  await until(async () => (await endpoint.received()).length === 1, 'asked')
  await change({ url: next.url })
  await until(async () => (await delivery.describe()).failing === 1, 'answered')
  return { ...delivery, next }
}

describe('what an endpoint has asked for', () => {
  it.each([
    ['an event', 500],
    ['the endpoint as a whole', 503],
  ])('by Retry-After for %s does not bind at another URL', async (_whom, status) => {
    const { endpoint, change, log, describe: view } = await makeDelivery({ events: ['conversation'] })
    const next = new Endpoint()
    await endpoint.script({ status, headers: hour })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'failing')
    await change({ headers: { 'x-other': 'than the URL' } })
    expect((await view()).nextAttemptAt! - Date.now()).toBeGreaterThan(3_500_000)
    await change({ url: next.url })
    await until(async () => (await next.values()).length === 1, 'sent to the new URL')
    expect(await endpoint.received()).toHaveLength(1)
  })

  it.each([429, 500])('after the URL has changed (%i) does not bind at the new one', async (status) => {
    const { describe: view } = await moveDuring({ status, headers: hour })
    const { nextAttemptAt, breaker } = await view()
    expect(breaker).toBe('closed')
    expect(nextAttemptAt! - Date.now()).toBeLessThan(6100)
  })

  it('by 410 after the URL has changed does not disable the new one', async () => {
    const { log, next, describe: view } = await moveDuring({ status: 410 })
    expect((await view()).status).toBe('enabled')
    await log(text('2', '34600999888'))
    await until(async () => (await next.values()).length > 0, 'sent to the new URL')
    expect(await next.values()).toEqual(['2'])
  })
})
