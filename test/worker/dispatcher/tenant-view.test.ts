import { afterEach, describe, expect, it, vi } from 'vitest'
import { drained, makeDelivery, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('health', () => {
  it('counts the failures of before an eviction, too', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, evict, passTo } = delivery
    await log(text('1'), text('2'))
    await drained(delivery, 2)
    await endpoint.script({ status: 500 })
    await log(text('3'))
    await until(async () => (await delivery.describe()).failing === 1, 'failed')
    await passTo(10)
    const before = await delivery.describe()
    await evict()
    const after = await delivery.describe()
    expect(after.successRate).toBe(before.successRate)
  })
  it('counts every event behind a failing one', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log } = delivery
    await endpoint.scriptMatching('bad', { status: 400 })
    await log(text('bad'), text('2'), text('3'), text('4'), text('other', '9'))
    await until(async () => (await delivery.describe()).failing === 1, 'failed')
    await new Promise((done) => setTimeout(done, 300))
    expect(await delivery.describe()).toMatchObject({ lag: 4 })
  })
})

describe('a delivery', () => {
  it('that is listed as pending can be read', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, dispatcher } = delivery
    await endpoint.script({ status: 400 })
    const second = text('2')
    await log(text('1'), second)
    await until(async () => (await delivery.describe()).failing === 1, 'failed')
    const found = await dispatcher.listDeliveries({ status: 'pending', limit: 10 })
    expect(found.deliveries).toHaveLength(1)
    expect(await dispatcher.getDelivery(second.idEvent ?? '')).toMatchObject({ ok: true })
  })
  it('stays delivered when it is sent again and that fails', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, dispatcher } = delivery
    const draft = text('1')
    const idEvent = draft.idEvent ?? ''
    await log(draft)
    await drained(delivery, 1)
    const [before] = (await dispatcher.listDeliveries({ limit: 1 })).deliveries
    await endpoint.script({ status: 500 })
    expect(await dispatcher.retry(idEvent)).toMatchObject({ ok: true, isDelivered: false })
    const { deliveredAt } = before ?? {}
    const after = {
      status: 'delivered',
      attempts: 2,
      lastStatusCode: 500,
      lastError: 'httpStatus',
      deliveredAt,
    }
    expect((await dispatcher.listDeliveries({ limit: 5 })).deliveries).toMatchObject([after])
    expect(await dispatcher.getDelivery(idEvent)).toMatchObject({
      delivery: after,
      attemptLog: [{ statusCode: 200 }, { statusCode: 500, trigger: 'manual' }],
    })
  })
})
