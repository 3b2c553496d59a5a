import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { drained, makeDelivery, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('what waits in memory', () => {
  it('is sent by the filter as it is then', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, change } = delivery
    await endpoint.script({ delayMs: 1000 }, { delayMs: 0 })
    await log(...['1', '2', '3', '4', '5'].map((value) => text(value)))
    expect(await delivery.describe()).toMatchObject({ cursor: 5 })
    await change({ events: ['imageMessage'] })
    await drained(delivery, 1)
    expect(await endpoint.values()).toEqual(['1'])
  })

  it.each([
    ['chat', 'session'],
    ['session', 'chat'],
  ] as const)('keeps the order of its chat when the ordering changes from %s to %s', async (from, to) => {
    const delivery = await makeDelivery({ ordering: from })
    const { endpoint, log, change } = delivery
    await endpoint.script({ delayMs: 1000 }, { delayMs: 20 })
    await log(...['1', '2', '3', '4'].map((value) => text(value)))
    expect(await delivery.describe()).toMatchObject({ cursor: 4 })
    await change({ ordering: to })
    await log(text('5'), text('6'))
    await drained(delivery, 6)
    expect(await endpoint.values()).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(await endpoint.mostConcurrent()).toBe(1)
  })

  it('stays behind an event that fails in the lane of the ordering before', async () => {
    const delivery = await makeDelivery({ ordering: 'session' })
    const { endpoint, log, change, passTo } = delivery
    await endpoint.script({ delayMs: 1000, status: 500 }, { status: 200 })
    await log(text('1'), text('2'), text('3'))
    await change({ ordering: 'chat' })
    await until(async () => (await delivery.describe()).failing === 1, 'the failure')
    await log(text('4'))
    await passTo(10)
    await drained(delivery, 5)
    expect(await endpoint.values()).toEqual(['1', '1', '2', '3', '4'])
  })
})

describe('a replay', () => {
  it('keeps the order of each chat, one at a time', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log } = delivery
    const values = Array.from({ length: 12 }, (_, index) => String(index))
    await log(...values.map((value) => text(value, '1')))
    await drained(delivery, 12)
    await endpoint.script({ delayMs: 60 }, { delayMs: 1 }, { delayMs: 40 }, { delayMs: 1 }, { delayMs: 1 })
    await dispatcher.replay({})
    await until(async () => (await delivery.describe()).replay?.isDone === true, 'the end')
    expect((await endpoint.values()).slice(12)).toEqual(values)
    expect(await endpoint.mostConcurrent()).toBe(1)
  })
})

describe('alarms', () => {
  it('wait as long as the rate limit does', async () => {
    const {
      endpoint,
      dispatcher,
      log,
      passTo,
      describe: view,
    } = await makeDelivery({ rateLimitPerSecond: 1 })
    await endpoint.script({ status: 400 })
    await log(text('1', '1'), text('2', '2'), text('3', '3'))
    await until(async () => (await view()).failing === 3, 'three failures')
    await passTo(10)
    await until(async () => (await endpoint.values()).length === 4, 'one retry')
    const alarm = await runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
    expect(alarm).toBeGreaterThanOrEqual(Date.now() + 900)
  })

  it('wait for the next attempt when so much fails that the log is not read on', async () => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    await endpoint.script({ status: 400, headers: { 'retry-after': '600' } })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'a failure')
    await runInDurableObject(dispatcher, (_object, { storage }) => {
      const lane = storage.sql.exec('SELECT * FROM lanes').one()
      for (let number = 0; number < 2000; number++)
        storage.sql.exec(
          `INSERT INTO lanes (lane, position, sequence, id_event, attempts, next_at, since, is_told, history)
            VALUES (?, 1, 1, ?, 1, ?, 1, 0, '[]')`,
          `#x${number}`,
          `evt_${number}`,
          Number(lane['next_at']),
        )
    })
    await evictDurableObject(dispatcher)
    await log(text('2', '2'))
    await runDurableObjectAlarm(dispatcher)
    await view()
    const alarm = await runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
    expect(alarm).toBeGreaterThan(Date.now() + 60_000)
  })
})
