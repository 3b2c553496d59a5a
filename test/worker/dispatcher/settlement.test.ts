import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { drained, makeDelivery, passSeconds, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('an event that failed', () => {
  it('shows in the figures at once, and what went wrong', async () => {
    const { endpoint, log, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    const before = Date.now()
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'failed')
    const { lastFailureAt, lastError, lastSuccessAt } = await view()
    expect(lastFailureAt).toBeGreaterThanOrEqual(before)
    expect(lastFailureAt).toBeLessThanOrEqual(Date.now())
    expect([lastError, lastSuccessAt]).toEqual(['httpStatus', null])
  })

  it('88. is given up, with its attempts, when the log has forgotten it, and its chat goes on', async () => {
    const { endpoint, session, dispatcher, log, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('"old"', { status: 500, headers: { 'retry-after': '3600' } })
    const old = text('old')
    await log(old)
    await until(async () => (await view()).failing === 1, 'failed')
    passSeconds(8 * 86_400)
    await runDurableObjectAlarm(session)
    await passTo(1)
    await until(async () => (await view()).failing === 0, 'given up')
    expect(await view()).toMatchObject({ exhausted: 1, lag: 0 })
    expect(await dispatcher.getDelivery(old.idEvent ?? '')).toMatchObject({
      delivery: { status: 'exhausted', attempts: 1, lastStatusCode: 500 },
      attemptLog: [{ statusCode: 500 }],
    })
    await log(text('new'))
    await until(async () => (await endpoint.values()).includes('new'), 'the next of the chat')
    expect(await endpoint.values()).toEqual(['old', 'new'])
  })

  it('keeps the time of its next attempt when one by hand fails, which tells it', async () => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    const draft = text('1')
    await log(draft)
    await until(async () => (await view()).failing === 1, 'failed')
    const { nextAttemptAt } = await view()
    expect(nextAttemptAt).not.toBeNull()
    const result = await dispatcher.retry(draft.idEvent ?? '')
    expect(result).toMatchObject({ ok: true, isDelivered: false, attempt: { nextAttemptAt } })
  })
})

describe('failures that are no news', () => {
  it('are not told: an event that comes at its second attempt', async () => {
    const delivery = await makeDelivery()
    const { endpoint, session, log, passTo, describe: view } = delivery
    await endpoint.script({ status: 500 }, { status: 200 })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'failed')
    await passTo(10)
    await drained(delivery, 2)
    await passTo(100)
    const { head } = await session.readLog({ after: 0, limit: 10, maxBytes: 1_000_000 })
    expect(head).toBe(1)
  })

  it('do not count: what is sent by hand never makes an endpoint be taken for down', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, describe: view } = delivery
    const drafts = ['1', '2', '3', '4', '5', '6'].map((value) => text(value, value))
    await log(...drafts)
    await drained(delivery, 6)
    await endpoint.script({ status: 500 })
    for (const { idEvent } of drafts)
      expect(await dispatcher.retry(idEvent ?? '')).toMatchObject({ ok: true, isDelivered: false })
    expect(await view()).toMatchObject({ breaker: 'closed', failing: 0, state: 'idle' })
  })
})

describe('an event that was given up', () => {
  it('counts as failing, and no more as given up, when its replay fails, and is not shown as delivered', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, describe: view } = delivery
    const status = 500
    await endpoint.script({ status: 422, headers: { 'webhook-delivery': 'abort-message' } }, { status })
    const draft = text('1')
    await log(draft)
    await until(async () => (await view()).exhausted === 1, 'given up')
    await dispatcher.replay({ onlyFailed: true })
    await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
    expect(await view()).toMatchObject({ failing: 1, exhausted: 0, replay: { delivered: 0, failed: 1 } })
    expect((await dispatcher.listDeliveries({ status: 'exhausted', limit: 5 })).deliveries).toEqual([])
  })

  it('is listed page by page with the others', async () => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    await endpoint.script({ status: 422, headers: { 'webhook-delivery': 'abort-message' } })
    await log(text('1'), text('2'), text('3'))
    await until(async () => (await view()).exhausted === 3, 'all given up')
    const first = await dispatcher.listDeliveries({ status: 'exhausted', limit: 2 })
    expect(first.deliveries.map(({ sequence }) => sequence)).toEqual([3, 2])
    const rest = await dispatcher.listDeliveries({ status: 'exhausted', limit: 2, cursor: first.cursor })
    expect(rest).toMatchObject({ deliveries: [{ sequence: 1 }], cursor: null })
  })
})

describe('the list of deliveries', () => {
  it('shows what is on its way as pending, although later events are delivered', async () => {
    const { endpoint, dispatcher, log } = await makeDelivery()
    await endpoint.scriptMatching('"slow"', { delayMs: 1500 })
    await log(text('slow', '1'), text('quick', '2'))
    const list = async (status: 'pending' | 'delivered') => {
      const { deliveries } = await dispatcher.listDeliveries({ status, limit: 5 })
      return deliveries.map(({ sequence }) => sequence)
    }
    await until(async () => (await list('delivered')).length === 1, 'one delivered')
    expect([await list('delivered'), await list('pending')]).toEqual([[2], [1]])
  })

  it.each([
    ['failing', {}],
    ['exhausted', { 'webhook-delivery': 'abort-message' }],
  ] as const)('shows a delivered event that fails in a replay as %s', async (status, headers) => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, describe: view } = delivery
    await log(text('1'))
    await drained(delivery, 1)
    await endpoint.script({ status: 500, headers })
    await dispatcher.replay({})
    await until(async () => (await view())[status] === 1, 'failed')
    const { deliveries } = await dispatcher.listDeliveries({ limit: 5 })
    expect(deliveries.map((one) => one.status)).toEqual([status])
  })

  it('does not show as delivered what fails since', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, describe: view } = delivery
    await log(text('1'))
    await drained(delivery, 1)
    await endpoint.script({ status: 500 })
    await dispatcher.replay({})
    await until(async () => (await view()).failing === 1, 'failed')
    expect((await dispatcher.listDeliveries({ status: 'delivered', limit: 5 })).deliveries).toEqual([])
  })

  it('does not know what waits in the log and is not wanted', async () => {
    const { dispatcher, log } = await makeDelivery({ status: 'paused' })
    const [mine, theirs] = [{ ...text('mine'), isFromMe: true }, text('theirs')]
    await log(mine, theirs)
    expect(await dispatcher.getDelivery(theirs.idEvent ?? '')).toMatchObject({
      delivery: { status: 'pending' },
    })
    expect(await dispatcher.getDelivery(mine.idEvent ?? '')).toMatchObject({ code: 'deliveryNotFound' })
  })
})

describe('the lag behind a failing event', () => {
  it('counts what is wanted of its chat, once, whether it has been read or not', async () => {
    const { endpoint, log, change, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('bad', { status: 500 })
    await log(text('bad', 'a'), { ...text('mine', 'a'), isFromMe: true }, text('fine', 'b'))
    await until(async () => (await view()).attempts === 2, 'both tried')
    expect(await view()).toMatchObject({ failing: 1, lag: 1 })
    await change({ status: 'paused' })
    await log(text('behind', 'a'), text('other', 'c'))
    expect(await view()).toMatchObject({ lag: 3 })
  })
})
