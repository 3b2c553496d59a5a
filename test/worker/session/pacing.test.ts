import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import type { Pacing } from '../../../schema/api/pacing.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeConnected, ownNumber } from '../support/objects.ts'

const now = 1_767_225_600_000
const slow: Pacing = { messagesPerMinute: 60, burst: 3 }

afterEach(() => {
  vi.useRealTimers()
})

const connected = (pacing?: Pacing | null) =>
  makeConnected(pacing === undefined ? {} : { settings: { pacing } })

type Stub = Awaited<ReturnType<typeof connected>>['stub']

async function queue(stub: Stub, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const message = { to: ownNumber, messageType: 'conversation', value: `${index}` } as const
    const sent = await stub.sendMessage(message, { waitSeconds: 0 })
    if (!sent.ok) throw new Error(sent.code)
    ids.push(sent.message.idMessage)
  }
  return ids
}

const told = (link: LinkClient) => link.all('command').map(({ idCommand }) => idCommand)

/** What follows from a commit is told before the next one is acknowledged. */
async function settled(link: LinkClient): Promise<void> {
  await link.commit({})
  await link.commit({})
}

it('tells of a burst at once, and of the others in their order as their time comes', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link } = await connected(slow)
  const ids = await queue(stub, 6)
  await settled(link)
  expect(told(link)).toEqual(ids.slice(0, 3))
  vi.setSystemTime(now + 999)
  await runDurableObjectAlarm(stub)
  await settled(link)
  expect(told(link)).toEqual(ids.slice(0, 3))
  vi.setSystemTime(now + 2000)
  await runDurableObjectAlarm(stub)
  await settled(link)
  expect(told(link)).toEqual(ids.slice(0, 5))
})

it('begins a new burst only after a pause', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link } = await connected(slow)
  await queue(stub, 3)
  vi.setSystemTime(now + 2000)
  await queue(stub, 3)
  await settled(link)
  expect(told(link)).toHaveLength(5)
  vi.setSystemTime(now + 60_000)
  await queue(stub, 3)
  await settled(link)
  expect(told(link)).toHaveLength(8)
})

it('goes on by itself', async () => {
  const { stub, link } = await connected({ messagesPerMinute: 6000, burst: 1 })
  const ids = await queue(stub, 5)
  await link.until(() => told(link).length === 5)
  expect(told(link)).toEqual(ids)
})

it('has a pace unless told otherwise', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link } = await connected()
  await queue(stub, 65)
  await settled(link)
  expect(told(link)).toHaveLength(60)
})

it('lets all go at once without a pace, also when it is taken away while they wait', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { tenant, stub, link } = await connected({ messagesPerMinute: 1, burst: 1 })
  const ids = await queue(stub, 5)
  await settled(link)
  expect(told(link)).toHaveLength(1)
  await tenant.updateSession('support', { settings: { pacing: null } })
  await settled(link)
  expect(told(link)).toEqual(ids)
})

it('holds a faster pace at once after a slow one', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { tenant, stub, link } = await connected({ messagesPerMinute: 1, burst: 100 })
  await queue(stub, 101)
  await tenant.updateSession('support', { settings: { pacing: slow } })
  await settled(link)
  expect(told(link)).toHaveLength(100)
  vi.setSystemTime(now + 1000)
  await runDurableObjectAlarm(stub)
  await settled(link)
  expect(told(link)).toHaveLength(101)
})

it('takes back what waits for its turn without asking the connector', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link } = await connected(slow)
  const ids = await queue(stub, 5)
  expect(await stub.cancelMessage(ids[3]!)).toMatchObject({ ok: true })
  const page = await stub.listQueuedMessages({ limit: 10 })
  expect(page).toMatchObject({ messages: [0, 1, 2, 4].map((index) => ({ idMessage: ids[index] })) })
  vi.setSystemTime(now + 5000)
  await runDurableObjectAlarm(stub)
  await settled(link)
  expect(told(link)).toEqual([...ids.slice(0, 3), ids[4]])
  expect(link.all('cancel')).toEqual([])
})

it('tells the next connector of what was told before, and begins no new burst', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub } = await connected(slow)
  const ids = await queue(stub, 6)
  const next = await LinkClient.attach(stub, { idConnector: 'connector-b' })
  await next.report({ report: 'connected', number: ownNumber })
  await settled(next)
  expect(told(next)).toEqual(ids.slice(0, 3))
})

it('remembers over an eviction how much of the pace was used', async () => {
  const { stub } = await connected({ messagesPerMinute: 1, burst: 3 })
  const ids = await queue(stub, 3)
  await evictDurableObject(stub)
  const next = await LinkClient.attach(stub)
  await next.report({ report: 'connected', number: ownNumber })
  await queue(stub, 1)
  await settled(next)
  expect(told(next)).toEqual(ids)
})

it('does not let what gathered while WhatsApp was away go as a burst', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now })
  const { stub, link } = await connected(slow)
  await link.report({ report: 'reconnecting', reason: 'connectionLost', reasonText: 'by the test' })
  const ids = await queue(stub, 10)
  expect(told(link)).toEqual([])
  vi.setSystemTime(now + 3_600_000)
  await link.report({ report: 'connected', number: ownNumber })
  await settled(link)
  expect(told(link)).toEqual(ids.slice(0, 3))
})
