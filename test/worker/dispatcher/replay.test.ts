import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { byText, drained, makeDelivery, passSeconds, text, type Delivery, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function replayed({ describe: view }: Delivery): Promise<void> {
  await until(async () => (await view()).replay?.isDone === true, 'the end of the replay')
}

describe('replay', () => {
  it('sends a part of the log again, with the same ids and bytes', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log } = delivery
    await log(text('1'), text('2'), text('3'), text('4'))
    await drained(delivery, 4)
    expect(await dispatcher.replay({ afterSequence: 2 })).toMatchObject({
      ok: true,
      fromSequence: 3,
      toSequence: 4,
    })
    await replayed(delivery)
    const received = await endpoint.received()
    expect(received.slice(4).map(({ body }) => body)).toEqual(received.slice(2, 4).map(({ body }) => body))
    expect(await delivery.describe()).toMatchObject({ replay: { delivered: 2, failed: 0 } })
  })

  it('sends what was given up, once, and nothing that was delivered', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, passTo } = delivery
    await endpoint.scriptMatching('bad', { status: 500 })
    await log(text('good'), text('bad'), text('fine'))
    await until(async () => (await delivery.describe()).failing === 1, 'the failure')
    for (const seconds of [10, 40, 150]) await passTo(seconds)
    await until(async () => (await delivery.describe()).exhausted === 1, 'the end of the schedule')
    await drained(delivery, 6)
    await endpoint.scriptMatching('bad', { status: 200 })
    const before = (await endpoint.values()).length
    for (let round = 0; round < 2; round++) {
      expect(await dispatcher.replay({ onlyFailed: true })).toMatchObject({ ok: true })
      await replayed(delivery)
    }
    expect((await endpoint.values()).slice(before)).toEqual(['bad'])
    expect(await delivery.describe()).toMatchObject({ exhausted: 0, failing: 0 })
  })

  it('covers what came before the subscription, and while it was disabled', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, change } = delivery
    await log(text('before'))
    await drained(delivery, 1)
    await change({ status: 'disabled' })
    await log(text('meanwhile 1'), text('meanwhile 2'))
    await change({ status: 'enabled' })
    await log(text('after'))
    await drained(delivery, 2)
    expect(await endpoint.values()).toEqual(['before', 'after'])
    expect(await dispatcher.replay({ onlyFailed: true })).toMatchObject({ ok: true })
    await replayed(delivery)
    expect((await endpoint.values()).slice(2)).toEqual(['meanwhile 1', 'meanwhile 2'])
    await dispatcher.replay({ onlyFailed: true })
    await replayed(delivery)
    expect(await endpoint.values()).toHaveLength(4)
  })

  it('is needed for what came while it was disabled, also when a pause follows', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, change } = delivery
    await change({ status: 'disabled' })
    await log(text('while disabled'))
    await change({ status: 'paused' })
    await log(text('while paused'))
    await change({ status: 'enabled' })
    await drained(delivery, 1)
    expect(await endpoint.values()).toEqual(['while paused'])
    await dispatcher.replay({ onlyFailed: true })
    await replayed(delivery)
    expect(await endpoint.values()).toEqual(['while paused', 'while disabled'])
  })

  it('chooses by type and by time', async () => {
    const delivery = await makeDelivery({ events: '*' })
    const { endpoint, dispatcher, log } = delivery
    await log(text('old'))
    await drained(delivery, 1)
    passSeconds(60)
    const since = Date.now()
    await log(text('new'), { messageType: 'revokedMessage', ...revocation })
    await drained(delivery, 3)
    await dispatcher.replay({ since, types: ['conversation'] })
    await replayed(delivery)
    expect((await endpoint.values()).slice(3)).toEqual(['new'])
  })

  it('tries again what fails in a replay, by the schedule', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, passTo } = delivery
    await log(text('1'), text('2'))
    await drained(delivery, 2)
    await endpoint.script({ status: 500 }, { status: 200 })
    await dispatcher.replay({})
    await replayed(delivery)
    await passTo(10)
    await drained(delivery, 5)
    expect((await endpoint.values()).slice(2).toSorted(byText)).toEqual(['1', '1', '2'])
  })

  it('goes on after an eviction', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, evict, passTo } = delivery
    await log(...Array.from({ length: 30 }, (_, index) => text(`${index}`)))
    await drained(delivery, 30)
    await endpoint.script({ delayMs: 20 })
    await dispatcher.replay({})
    await evict()
    await passTo(60)
    await replayed(delivery)
    expect(new Set((await endpoint.values()).slice(30)).size).toBe(30)
  })

  it('is refused while the subscription is disabled, while one runs, and beyond the retention', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, change } = delivery
    await log(text('1'), text('2'))
    await drained(delivery, 2)
    const old = Date.now() - 8 * 86_400_000
    expect(await dispatcher.replay({ since: old })).toMatchObject({ ok: false, code: 'replayTooOld' })
    await endpoint.script({ delayMs: 200 })
    await dispatcher.replay({})
    expect(await dispatcher.replay({})).toMatchObject({ ok: false, code: 'replayRunning' })
    await change({ status: 'disabled' })
    expect(await dispatcher.replay({})).toMatchObject({ ok: false, code: 'subscriptionNotEnabled' })
  })
})

describe('retry', () => {
  it('sends a given up event at once, and the list shows it delivered', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, passTo } = delivery
    await endpoint.script({ status: 500 })
    const draft = text('x')
    await log(draft)
    await until(async () => (await delivery.describe()).failing === 1, 'failed')
    for (const seconds of [10, 40, 150]) await passTo(seconds)
    await until(async () => (await delivery.describe()).exhausted === 1, 'given up')
    const idEvent = draft.idEvent ?? ''
    expect(await dispatcher.retry(idEvent)).toMatchObject({ ok: true, isDelivered: false })
    await endpoint.script({ status: 204 })
    expect(await dispatcher.retry(idEvent)).toMatchObject({ ok: true, isDelivered: true })
    const found = await dispatcher.getDelivery(idEvent)
    expect(found).toMatchObject({ ok: true, delivery: { status: 'delivered', attempts: 6 } })
    const triggers = found.ok ? found.attemptLog.map(({ trigger }) => trigger) : []
    expect(triggers).toEqual(['automatic', 'automatic', 'automatic', 'automatic', 'manual', 'manual'])
    expect(await delivery.describe()).toMatchObject({ exhausted: 0 })
  })

  it('of a failing event changes nothing of its schedule when it fails, and frees its chat when it does not', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log } = delivery
    await endpoint.script({ status: 500 }, { status: 500 }, { status: 200 })
    const draft = text('1')
    await log(draft, text('2'))
    await until(async () => (await delivery.describe()).failing === 1, 'failed')
    const { nextAttemptAt } = await delivery.describe()
    await dispatcher.retry(draft.idEvent ?? '')
    expect(await delivery.describe()).toMatchObject({ nextAttemptAt, failing: 1 })
    await dispatcher.retry(draft.idEvent ?? '')
    await drained(delivery, 4)
    expect(await endpoint.values()).toEqual(['1', '1', '1', '2'])
  })

  it('88. of an event that the log has forgotten is refused; its attempts are still there', async () => {
    const delivery = await makeDelivery()
    const { dispatcher, session, log } = delivery
    const draft = text('old')
    await log(draft)
    await drained(delivery, 1)
    await until(async () => (await dispatcher.getDelivery(draft.idEvent ?? '')).ok, 'its attempt is logged')
    passSeconds(8 * 86_400)
    await runDurableObjectAlarm(session)
    expect(await dispatcher.retry(draft.idEvent ?? '')).toMatchObject({ ok: false, code: 'eventExpired' })
    expect(await dispatcher.getDelivery(draft.idEvent ?? '')).toMatchObject({
      attemptLog: [{ statusCode: 200 }],
    })
  })

  it('does not know an event that was never tried', async () => {
    const { dispatcher } = await makeDelivery()
    expect(await dispatcher.retry(`evt_${'9'.repeat(22)}`)).toMatchObject({
      ok: false,
      code: 'deliveryNotFound',
    })
  })
})

const revocation = {
  senderNumber: '34600111222@s.whatsapp.net',
  senderName: 'Ana',
  messageTimestamp: 1767225600,
  isMessageFromGroup: false,
  idMessage: '3EB0REVOKE',
  targetMessage: { idMessage: '3EB01' },
}
