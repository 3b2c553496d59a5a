import { describe, expect, it } from 'vitest'
import { makeDelivery, text, until } from './fixture.ts'

/** What a tenant sees of an attempt that was answered so. */
async function attemptAnswered(step: { status: number; headers?: Record<string, string>; body?: string }) {
  const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
  await endpoint.script(step)
  const event = text('x')
  await log(event)
  await until(async () => (await view()).failing === 1, 'failed')
  const found = await dispatcher.getDelivery(event.idEvent ?? '')
  const { status } = await view()
  return found.ok ? { delivery: found.delivery, attempt: found.attemptLog[0], status } : undefined
}

const headers = { server: 'cloudflare' }

describe('an answer that Cloudflare’s network gives in the endpoint’s place', () => {
  it.each([
    [520, 'connectionFailed'],
    [521, 'connectionFailed'],
    [522, 'timeout'],
    [523, 'connectionFailed'],
    [524, 'timeout'],
    [525, 'tlsFailed'],
    [526, 'tlsFailed'],
    [530, 'dnsFailed'],
  ])('is told as what it means, with its status: %i', async (status, error) => {
    const told = await attemptAnswered({ status, headers, body: 'error code: 1016' })
    expect(told?.delivery).toMatchObject({ status: 'failing', lastError: error, lastStatusCode: status })
    expect(told?.attempt).toMatchObject({ errorClass: error, statusCode: status, responseExcerpt: '' })
    expect(told?.attempt?.nextAttemptAt).not.toBeNull()
  })

  it.each([1000, 1002, 1003])('tells of an address that is not allowed: 403 with %i', async (code) => {
    const told = await attemptAnswered({ status: 403, headers, body: `error code: ${code}` })
    expect(told?.attempt).toMatchObject({ errorClass: 'blockedTarget', statusCode: 403, responseExcerpt: '' })
  })

  it('asks for nothing in the endpoint’s name', async () => {
    const asking = { ...headers, 'retry-after': '3000', 'webhook-delivery': 'disable' }
    const told = await attemptAnswered({ status: 521, headers: asking })
    expect(told).toMatchObject({ status: 'enabled', delivery: { status: 'failing' } })
    // The first step of the schedule here is 5 s.
    expect((told?.delivery.nextAttemptAt ?? 0) - (told?.attempt?.at ?? 0)).toBeLessThan(60_000)
  })

  it('is the endpoint’s own when nothing says that it is Cloudflare’s, or the status is another', async () => {
    const own = await attemptAnswered({ status: 530, headers: { server: 'nginx' }, body: 'mine' })
    expect(own?.attempt).toMatchObject({ errorClass: 'httpStatus', statusCode: 530, responseExcerpt: 'mine' })
    const passed = await attemptAnswered({ status: 403, headers, body: 'go away' })
    expect(passed?.attempt).toMatchObject({
      errorClass: 'httpStatus',
      statusCode: 403,
      responseExcerpt: 'go away',
    })
  })
})
