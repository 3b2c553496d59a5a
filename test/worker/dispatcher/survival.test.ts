import fc from 'fast-check'
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Session } from '../../../worker/session/session.ts'
import { byText, makeDelivery, passSeconds, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

const chats = ['111', '222', '333'] as const
const outcomes = fc.constantFrom(200, 200, 200, 200, 500, 503, 429, 301)
const plans = fc.record({
  ordering: fc.constantFrom('chat' as const, 'session' as const, 'none' as const),
  events: fc.array(fc.constantFrom(...chats), { minLength: 1, maxLength: 25 }),
  answers: fc.array(outcomes, { maxLength: 30 }),
  breaks: fc.array(fc.nat(24), { maxLength: 4 }),
})

describe('survival', () => {
  it('71, 72. delivers everything, in order within a lane, whatever fails and whenever the object dies', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ ordering, events, answers, breaks }) => {
        const { endpoint, log, evict, passTo, describe: view } = await makeDelivery({ ordering })
        await endpoint.script(...answers.map((status) => ({ status })), { status: 200 })
        for (const [index, chat] of events.entries()) {
          await log(text(`${chat} ${index}`, chat))
          if (breaks.includes(index)) await evict()
        }
        for (let round = 0; round < 200 && (await view()).lag + (await view()).failing > 0; round++)
          await passTo(100)
        await until(async () => (await view()).lag === 0, 'nothing left')
        const good = (await endpoint.received()).filter(({ status }) => status === 200)
        const first = new Map<string, number>()
        for (const [place, { body }] of good.entries()) {
          const { value } = JSON.parse(body) as { value: string }
          if (!first.has(value)) first.set(value, place)
        }
        const { exhausted } = await view()
        expect(first.size + exhausted).toBe(events.length)
        const lanes = ordering === 'chat' ? chats : ordering === 'session' ? [''] : []
        for (const lane of lanes) {
          const places = events
            .map((chat, index) => ({ chat, place: first.get(`${chat} ${index}`) }))
            .filter(({ chat, place }) => chat.startsWith(lane) && place !== undefined)
            .map(({ place }) => place ?? 0)
          expect(places).toEqual(places.toSorted((one, other) => one - other))
        }
        vi.useRealTimers()
      }),
      { numRuns: 25 },
    )
  }, 120_000)

  it('71. sends again after a crash what was under way when progress beyond it had been written', async () => {
    const { endpoint, dispatcher, log, reconnect } = await makeDelivery()
    await endpoint.scriptMatching('"slow"', { fault: 'hang' }, { status: 200 })
    await log(text('slow', '1'), text('quick', '2'))
    const written = () =>
      runInDurableObject(dispatcher, (_object, { storage }) =>
        Number(storage.sql.exec('SELECT cursor FROM batches ORDER BY n DESC LIMIT 1').one()['cursor']),
      )
    await until(async () => (await written()) === 2, 'the cursor stands behind both')
    expect((await endpoint.values()).toSorted(byText)).toEqual(['quick', 'slow'])
    await abortAllDurableObjects()
    const again = reconnect().dispatcher
    await until(async () => (await again.describe()).lag === 0, 'nothing left')
    expect((await endpoint.values()).toSorted(byText)).toEqual(['quick', 'slow', 'slow'])
    const slow = (await endpoint.received()).filter(({ body }) => body.includes('"slow"'))
    expect(new Set(slow.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('73. keeps the times of the next attempts over an eviction', async () => {
    const { endpoint, dispatcher, log, evict, describe: view } = await makeDelivery({ ordering: 'none' })
    await endpoint.script({ status: 500 })
    await log(text('1'), text('2'), text('3'))
    await until(async () => (await view()).failing === 3, 'three failures')
    const before = await dispatcher.listDeliveries({ status: 'failing', limit: 10 })
    await evict()
    expect(await dispatcher.listDeliveries({ status: 'failing', limit: 10 })).toEqual(before)
  })

  it('76. tries only what is due when its alarm goes off', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery({ ordering: 'none' })
    await endpoint.scriptMatching('early', { status: 500 })
    await endpoint.scriptMatching('late', { status: 500, headers: { 'retry-after': '1000' } })
    await log(text('early'), text('late'))
    await until(async () => (await view()).failing === 2, 'two failures')
    await passTo(10)
    expect(await endpoint.values()).toEqual(['early', 'late', 'early'])
  })

  it('77. gets an alarm again when it has none although something is due', async () => {
    const { endpoint, dispatcher, log, evict, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'a failure')
    const alarm = () => runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
    await runInDurableObject(dispatcher, (_object, { storage }) => storage.deleteAlarm())
    expect(await alarm()).toBeNull()
    await evict()
    await dispatcher.wake({ head: 1, entries: [] })
    expect(await alarm()).not.toBeNull()
  })

  it.each([
    ['missing', 0],
    ['an hour overdue', 3600],
  ])('77. gets an alarm again by being looked at when it is %s', async (_what, seconds) => {
    const { endpoint, dispatcher, log, evict, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500, headers: { 'retry-after': '3600' } })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'a failure')
    const alarm = () => runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
    if (seconds === 0) await runInDurableObject(dispatcher, (_object, { storage }) => storage.deleteAlarm())
    const before = await alarm()
    await evict()
    passSeconds(seconds + 100)
    await endpoint.script({ status: 500, headers: { 'retry-after': '3600' } })
    await view()
    expect(await alarm()).not.toBeNull()
    expect(await alarm()).not.toBe(before)
    expect(await alarm()).toBeGreaterThan(Date.now() - 30_000)
  })

  it('sets its alarm to the next attempt at once when a failure comes after the wake was answered', async () => {
    const { endpoint, dispatcher, log, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500, delayMs: 300 })
    await log(text('1'))
    const alarm = () => runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
    await until(async () => (await endpoint.values()).length === 1, 'the attempt')
    const startedAt = performance.now()
    await until(async () => ((await alarm()) ?? Infinity) < Date.now() + 8000, 'the alarm')
    // The Session would repair it after two seconds.
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(await alarm()).toBe((await view()).nextAttemptAt)
  })

  it('74. has an alarm after each one that went wrong', async () => {
    const { endpoint, dispatcher, log, passTo, describe: view } = await makeDelivery()
    await endpoint.script({ status: 500 })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'a failure')
    const complaints = vi.spyOn(console, 'error').mockReturnValue()
    const readLog = vi.spyOn(Session.prototype, 'readLog').mockImplementation(() => {
      throw new Error('the log cannot be read')
    })
    // After six failures of its own the platform would forget an alarm.
    for (let round = 0; round < 10; round++) {
      await passTo(100)
      const alarm = await runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
      const inMs = (alarm ?? Infinity) - Date.now()
      expect(inMs).toBeGreaterThan(500)
      expect(inMs).toBeLessThanOrEqual(60_000)
    }
    expect(complaints).toHaveBeenCalledWith(expect.stringContaining('the log cannot be read'))
    readLog.mockRestore()
    complaints.mockRestore()
    await endpoint.script({ status: 200 })
    await passTo(100)
    await until(async () => (await view()).lag === 0, 'delivered')
  })

  it('70. delivers what was accepted when everything dies at once', async () => {
    const { endpoint, log, reconnect } = await makeDelivery()
    await endpoint.script({ delayMs: 150 })
    await log(text('1', '1'), text('2', '2'), text('3', '3'))
    await abortAllDurableObjects()
    const { session, dispatcher } = reconnect()
    await session.start()
    await runDurableObjectAlarm(dispatcher)
    await until(async () => (await endpoint.values()).length >= 4, 'all three and the start')
    await until(async () => (await dispatcher.describe()).lag === 0, 'nothing left')
    expect(new Set(await endpoint.values())).toEqual(new Set(['1', '2', '3', undefined]))
    const ids = (await endpoint.received()).map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBeLessThanOrEqual(4)
  })
})
