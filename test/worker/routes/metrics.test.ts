import { describe, expect, it } from 'vitest'
import { admin, anybody, connector, problem } from '../support/api-client.ts'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

/** The metrics as a map from `name{labels}` to the value. */
async function readMetrics(): Promise<Map<string, number>> {
  const { status, headers, bytes } = await admin.get('/metrics')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** How much each metric has grown while `act` ran. */
async function growth(act: () => Promise<unknown>): Promise<(name: string) => number> {
  const before = await readMetrics()
  await act()
  const after = await readMetrics()
  return (name) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
}

describe('the metrics', () => {
  it('count events by type, sessions by what becomes of them, and what is invalid', async () => {
    const grown = await growth(async () => {
      const { link } = await makeLinked()
      await link.deliver(conversation(), conversation(), { ...conversation(), isMessageFromGroup: 'perhaps' })
    })
    expect(grown('chatlink_events_total{message_type="conversation"}')).toBe(2)
    expect(grown('chatlink_invalid_events_total')).toBe(1)
    expect(grown('chatlink_session_state_changes_total{state="connected"}')).toBe(1)
  })

  it('count the requests to subscribers by what came of them', async () => {
    const endpoint = new Endpoint()
    await endpoint.script({ status: 500 }, { status: 200 })
    const grown = await growth(async () => {
      const { customer, link } = await makeLinked()
      await customer.post('/v1/subscriptions', {
        url: endpoint.url,
        ordering: 'none',
        events: ['conversation'],
      })
      await link.deliver(conversation(), conversation())
      await expect.poll(async () => (await endpoint.values()).length).toBe(2)
      await expect
        .poll(async () => (await readMetrics()).get('chatlink_delivery_attempts_total{outcome="httpStatus"}'))
        .toBeGreaterThan(0)
    })
    expect(grown('chatlink_delivery_attempts_total{outcome="httpStatus"}')).toBe(1)
    expect(grown('chatlink_delivery_attempts_total{outcome="delivered"}')).toBe(1)
    expect(grown('chatlink_delivery_attempt_seconds_total')).toBeGreaterThanOrEqual(0)
  })

  it('show tenants, connectors, and the sessions that wait for one', async () => {
    const grown = await growth(() => makeLinked())
    expect(grown('chatlink_tenants')).toBe(1)
    expect(grown('chatlink_sessions{placement="waiting"}')).toBe(1)
    expect((await readMetrics()).get('chatlink_connectors{status="online"}')).toBe(0)
  })

  it('name no tenant, no session and no number', async () => {
    const { customer, link } = await makeLinked()
    await link.deliver(conversation({ value: 'secret' }))
    const text = new TextDecoder().decode((await admin.get('/metrics')).bytes)
    for (const private_ of [customer.idTenant, 'support', '@s.whatsapp.net', 'secret', 'ck_'])
      expect(text).not.toContain(private_)
  })

  it('are for the holder of the admin token alone', async () => {
    const { customer } = await makeLinked()
    for (const stranger of [anybody, customer, connector])
      expect(await stranger.get('/metrics')).toMatchObject(problem(401, 'unauthorized'))
  })
})
