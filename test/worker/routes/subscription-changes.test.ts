import { expect, it } from 'vitest'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

/** A linked session whose conversations go to the endpoint; `path` is the subscription's. */
async function subscribed(endpoint: Endpoint, options: { sessions?: string[] } = {}) {
  const { customer, link } = await makeLinked()
  const { body } = await customer.post<{ idSubscription: string }>('/v1/subscriptions', {
    url: endpoint.url,
    events: ['conversation'],
    ...options,
  })
  return { customer, link, path: `/v1/subscriptions/${body.idSubscription}` }
}

it('a subscription gets of a session that it is given later only what is logged from then on', async () => {
  const endpoint = new Endpoint()
  const { customer, link, path } = await subscribed(endpoint, { sessions: ['another'] })
  await link.deliver(conversation({ value: 'before' }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  const changed = await customer.patch(path, { sessions: ['another', 'support'] })
  expect(changed.body).not.toHaveProperty('sessionsSince')
  await link.deliver(conversation({ value: 'after' }))
  await expect.poll(() => endpoint.values()).toEqual(['after'])
  await customer.post(`${path}/replay`, { onlyFailed: true })
  await expect.poll(() => endpoint.values()).toEqual(['after', 'before'])
})

it('a subscription does not send again what it has sent, when a session is taken from it and given back', async () => {
  const endpoint = new Endpoint()
  const { customer, link, path } = await subscribed(endpoint)
  await link.deliver(conversation({ value: '1' }))
  await expect.poll(() => endpoint.values()).toEqual(['1'])
  await customer.patch(path, { sessions: ['another'] })
  await new Promise((resolve) => setTimeout(resolve, 20))
  await customer.patch(path, { sessions: null })
  await link.deliver(conversation({ value: '2' }))
  await expect.poll(() => endpoint.values()).toEqual(['1', '2'])
})

it('a change of the URL and a pause in one request send nothing to the new URL', async () => {
  const [endpoint, next] = [new Endpoint(), new Endpoint()]
  await endpoint.script({ status: 503, headers: { 'retry-after': '60' } })
  const { customer, link, path } = await subscribed(endpoint)
  await link.deliver(conversation({ value: '1' }))
  await expect.poll(() => endpoint.values()).toEqual(['1'])
  await expect
    .poll(async () => (await customer.get<{ health: unknown }>(path)).body.health)
    .toMatchObject([{ state: 'down' }])
  await link.deliver(conversation({ value: '2', senderNumber: '34600999888@s.whatsapp.net' }))
  const paused = await customer.patch(path, { url: next.url, status: 'paused' })
  expect(paused.body).toMatchObject({ url: next.url, status: 'paused', statusReason: 'requested' })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await next.values()).toEqual([])
  const enabled = await customer.patch(path, { status: 'enabled' })
  expect(enabled.body).toMatchObject({ status: 'enabled', statusReason: null })
  // What the old URL asked for by Retry-After does not bind at the new one.
  await expect.poll(() => next.values()).toEqual(['1', '2'])
})
