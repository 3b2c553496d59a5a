import { runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { batchLimiter } from '../../../worker/dispatcher/batch-limiter.ts'
import { maxBatchEvents } from '../../../worker/dispatcher/batches.ts'
import { Courier } from '../../../worker/dispatcher/courier.ts'
import { Dispatcher } from '../../../worker/dispatcher/dispatcher.ts'
import type { DeliveryStatus } from '../../../worker/dispatcher/delivery-view.ts'
import { drained, makeDelivery, text, until, type Delivery } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const count = 400
const chats = 20

/** What has been logged while the subscription was paused. */
async function makeBacklog(events = count): Promise<Delivery & { values: string[] }> {
  const delivery = await makeDelivery({ status: 'paused' })
  const values = Array.from({ length: events }, (_, index) => `v${index}.`)
  await delivery.log(...values.map((value, index) => text(value, String(index % chats))))
  return { ...delivery, values }
}

/** The values of one chat, in the order in which they first came. */
function chatOf(values: readonly unknown[], chat: number): number[] {
  const numbers = values.map((value) => Number(String(value).slice(1)))
  return Array.from(new Set(numbers)).filter((number) => number % chats === chat)
}

async function expectOrder(delivery: Delivery): Promise<void> {
  const values = await delivery.endpoint.values()
  for (let chat = 0; chat < chats; chat++) {
    expect(chatOf(values, chat)).toEqual(
      Array.from({ length: count / chats }, (_, index) => index * chats + chat),
    )
  }
}

describe('a batch', () => {
  it('brings a backlog to an endpoint that takes it quickly: each event once, each chat in order, by six connections', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog()
    await backlog.change({ status: 'enabled' })
    await drained(backlog, count)
    expect(await backlog.endpoint.values()).toHaveLength(count)
    await expectOrder(backlog)
    for (const { headers, body } of await backlog.endpoint.received())
      expect(headers['webhook-id']).toBe((JSON.parse(body) as { idEvent: string }).idEvent)
    expect(await backlog.endpoint.mostConcurrent()).toBeLessThanOrEqual(6)
    const sizes = run.mock.calls.map(([{ events }]) => events.length)
    expect(sizes.length).toBeGreaterThan(count / maxBatchEvents / 2)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(maxBatchEvents)
  })

  it('gives a connection about eight events, however long each takes, and time for ten', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog(120)
    await backlog.endpoint.script({ delayMs: 50 })
    await backlog.change({ status: 'enabled' })
    await drained(backlog, 120)
    expect(run).toHaveBeenCalled()
    for (const [{ events, connections, beginWithinMs }] of run.mock.calls) {
      expect(events.length).toBeLessThanOrEqual(8 * connections)
      expect(beginWithinMs).toBeGreaterThanOrEqual(490)
    }
  })

  it('is not made for an endpoint that takes longer than 150 ms', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog(60)
    await backlog.endpoint.script({ delayMs: 200 })
    await backlog.change({ status: 'enabled' })
    await drained(backlog, 60)
    expect(run).not.toHaveBeenCalled()
  })

  it('ends with the first failure: the chat waits for its retry, the others go on, and nothing comes twice', async () => {
    const backlog = await makeBacklog()
    await backlog.endpoint.scriptMatching('"v205."', { status: 500 }, { status: 200 })
    await backlog.change({ status: 'enabled' })
    const others = count - count / chats + 10
    await until(async () => new Set(await backlog.endpoint.values()).size >= others + 1, 'the others')
    await until(async () => (await backlog.describe()).sequence === count, 'read to the end')
    expect((await backlog.endpoint.values()).length).toBe(others + 1)
    await backlog.passTo(10)
    await drained(backlog, count + 1)
    expect(await backlog.endpoint.values()).toHaveLength(count + 1)
    await expectOrder(backlog)
  })

  it('is not held up by an event that hangs', async () => {
    const backlog = await makeBacklog()
    await backlog.endpoint.scriptMatching('"v205."', { fault: 'hang' })
    await backlog.change({ status: 'enabled' })
    const others = count - count / chats + 10
    await until(async () => (await backlog.endpoint.values()).length === others + 1, 'all others')
    expect(chatOf(await backlog.endpoint.values(), 5).at(-1)).toBe(205)
  })

  it('ends a request when its time is over, and an answer that never does, and frees their connections', async () => {
    const backlog = await makeBacklog()
    await runInDurableObject(backlog.dispatcher, (dispatcher) => {
      dispatcher.timeoutMs = 700
    })
    await backlog.endpoint.scriptMatching('"v205."', { fault: 'hang' })
    await backlog.endpoint.scriptMatching('"v206."', { dripMs: 20 })
    await backlog.endpoint.scriptMatching('"v207."', { floodBytes: 10_000_000 })
    await backlog.change({ status: 'enabled' })
    const of = async (status: DeliveryStatus) =>
      (await backlog.dispatcher.listDeliveries({ status, limit: count })).deliveries
    const others = count - count / chats + 10
    await until(async () => (await of('delivered')).length === others, 'all others are delivered')
    await until(async () => (await of('failing')).length === 1, 'the one that hangs has failed')
    expect(await of('failing')).toMatchObject([{ lastError: 'timeout', attempts: 1 }])
    await until(async () => (await backlog.endpoint.concurrent()) === 0, 'no connection is held')
  })

  it('begins nothing more at an old URL when the change is answered, and nothing comes twice', async () => {
    const backlog = await makeBacklog()
    const other = await makeDelivery()
    await backlog.endpoint.script({ delayMs: 6 })
    await backlog.change({ status: 'enabled' })
    await until(async () => (await backlog.endpoint.values()).length >= 60, 'the first batches')
    await backlog.change({ url: other.endpoint.url })
    const atChange = (await backlog.endpoint.values()).length
    await until(async () => (await backlog.describe()).lag === 0, 'all delivered')
    const before = await backlog.endpoint.values()
    const after = await other.endpoint.values()
    // What was under way then may still arrive.
    expect(before.length).toBeLessThanOrEqual(atChange + 6)
    expect(after.length).toBeGreaterThan(0)
    expect(new Set([...before, ...after]).size).toBe(count)
    expect(before.length + after.length).toBe(count)
    for (let chat = 0; chat < chats; chat++) {
      const order = chatOf([...before, ...after], chat)
      expect(order).toEqual(order.toSorted((one, two) => one - two))
    }
  })

  it('gives back what it could not send in its time, to be judged by the filter that holds then', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog()
    await backlog.endpoint.script(...Array.from({ length: 60 }, () => ({})), { delayMs: 60 })
    await backlog.change({ status: 'enabled' })
    await until(() => run.mock.calls.length >= 2, 'a batch that will not be through in time')
    await backlog.change({ events: ['imageMessage'] })
    const atChange = (await backlog.endpoint.values()).length
    await until(async () => (await backlog.describe()).lag === 0, 'nothing left')
    expect((await backlog.endpoint.values()).length).toBeLessThanOrEqual(atChange + 6)
  })

  it('begins nothing more when the subscription is gone', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog()
    await backlog.endpoint.script({ delayMs: 6 })
    await backlog.change({ status: 'enabled' })
    await until(() => run.mock.calls.length >= 2, 'a batch')
    await backlog.dispatcher.destroy()
    const atEnd = (await backlog.endpoint.values()).length
    await Promise.allSettled(run.mock.results.map(({ value }) => value))
    expect((await backlog.endpoint.values()).length).toBeLessThanOrEqual(atEnd + 6)
  })

  it('that breaks off is sent again singly: nothing is lost, and order is kept', async () => {
    const run = vi.spyOn(Courier.prototype, 'run').mockRejectedValue(new Error('gone'))
    vi.spyOn(console, 'error').mockReturnValue(undefined)
    const backlog = await makeBacklog()
    await backlog.change({ status: 'enabled' })
    await drained(backlog, count)
    expect(run).toHaveBeenCalledOnce()
    await expectOrder(backlog)
  })
})

describe('a batch that is not let in, because others are under way in the isolate,', () => {
  /** Takes room, or all there is, until `leave`; first, what other tests have begun has to end. */
  async function holdRoom(connections = 1000) {
    const holder = {}
    const enters = () => batchLimiter.enter(holder, connections, 'https://holder.test', Date.now()) === null
    await until(enters, 'nobody else is there')
    const enter = vi.spyOn(batchLimiter, 'enter')
    return { leave: () => batchLimiter.leave(holder), asked: () => enter.mock.calls.length }
  }

  it('waits, asks again now and then without alarms, and then brings everything in order', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const alarm = vi.spyOn(Dispatcher.prototype, 'alarm')
    const backlog = await makeBacklog()
    const room = await holdRoom()
    await backlog.change({ status: 'enabled' })
    await until(() => room.asked() > 0, 'it has asked')
    const askedAtFirst = room.asked()
    const sentAtFirst = (await backlog.endpoint.values()).length
    await until(() => room.asked() >= askedAtFirst + 4, 'it has asked again and again')
    expect(run).not.toHaveBeenCalled()
    expect((await backlog.endpoint.values()).length).toBe(sentAtFirst)
    // In the tests' workerd a promise goes on in the turn of whoever resolves it: here, in its own.
    await runInDurableObject(backlog.dispatcher, (dispatcher) => {
      const own = alarm.mock.contexts.filter((context) => context === dispatcher)
      expect(own.length).toBeLessThanOrEqual(1)
      room.leave()
    })
    await drained(backlog, count)
    expect(run).toHaveBeenCalled()
    expect(await backlog.endpoint.values()).toHaveLength(count)
    await expectOrder(backlog)
  })

  it('is let in where there is little room when its endpoint takes its time', async () => {
    const run = vi.spyOn(Courier.prototype, 'run')
    const backlog = await makeBacklog(60)
    await backlog.endpoint.script({ delayMs: 60 })
    const room = await holdRoom(22)
    await backlog.change({ status: 'enabled' })
    await until(() => run.mock.calls.length > 0, 'a batch')
    const quick = {}
    expect(batchLimiter.enter(quick, 6, 'https://quick.test', Date.now())).not.toBeNull()
    batchLimiter.leave(quick)
    room.leave()
    await drained(backlog, 60)
  })

  it('gives up its place when the subscription is paused', async () => {
    const backlog = await makeBacklog()
    const room = await holdRoom()
    await backlog.change({ status: 'enabled' })
    await until(() => room.asked() > 0, 'it has asked')
    await backlog.change({ status: 'paused' })
    const behind = {}
    expect(batchLimiter.enter(behind, 6, 'https://behind.test', Date.now())).not.toBeNull()
    room.leave()
    expect(batchLimiter.enter(behind, 6, 'https://behind.test', Date.now())).toBeNull()
    batchLimiter.leave(behind)
  })
})
