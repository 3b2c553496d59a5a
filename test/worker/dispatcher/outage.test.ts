import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeDelivery, passSeconds, text, until } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`)

/** The schedule here is 5, 30 and 120 seconds; the times of the failing events that are next, in seconds from now. */
async function makeOutage(...steps: { status: number; headers?: Record<string, string> }[]) {
  const made = await makeDelivery()
  const { endpoint, dispatcher, log, passTo, describe: view } = made
  await endpoint.script(...steps)
  await log(...range(1, 40).map((value, index) => text(value, String(index % 6))))
  await until(async () => (await view()).state === 'down', 'down')
  const failing = async () => (await dispatcher.listDeliveries({ status: 'failing', limit: 50 })).deliveries
  const waits = async () =>
    (await failing()).map(({ nextAttemptAt }) => Math.round(((nextAttemptAt ?? 0) - Date.now()) / 1000))
  /** Lets the outage last until some event would wait for so long. */
  const lastUntil = async (seconds: number) => {
    for (let round = 0; round < 200; round++) {
      if ((await waits()).some((wait) => wait > seconds)) return
      await passTo(20)
    }
    throw new Error(`none waits for ${seconds} s`)
  }
  const values = async () => (await endpoint.values()).map(Number)
  return { ...made, failing, waits, lastUntil, values }
}

describe('an endpoint that was down', () => {
  it('gets what failed meanwhile as soon as it is back, not at the next step of the schedule', async () => {
    const { endpoint, passTo, lastUntil, values, waits, describe: view } = await makeOutage({ status: 500 })
    await lastUntil(90)
    const tried = (await values()).length
    await endpoint.script({ status: 200 })
    for (let round = 0; round < 8 && (await values()).length === tried; round++) await passTo(10)
    await until(async () => (await waits()).length === 0, 'none waits')
    await until(async () => (await view()).lag === 0, 'drained')
    const delivered = (await values()).slice(tried)
    const { exhausted } = await view()
    expect(new Set(delivered).size).toBe(40 - exhausted)
    for (let chat = 0; chat < 6; chat++) {
      const ofChat = delivered.filter((value) => (value - 1) % 6 === chat)
      expect(ofChat).toEqual(ofChat.toSorted((one, other) => one - other))
    }
  })

  it('costs an event no attempt when it was back for one answer alone', async () => {
    const { endpoint, dispatcher, passTo, lastUntil, failing, values } = await makeOutage({ status: 500 })
    await lastUntil(90)
    const before = await failing()
    const tried = (await values()).length
    await endpoint.script({ status: 200 }, { status: 500 })
    for (let round = 0; round < 8 && (await values()).length === tried; round++) await passTo(10)
    await until(async () => (await dispatcher.describe()).breaker === 'open', 'down again')
    const patient = before.filter(({ attempts }) => attempts === 3)
    let triedEarly = 0
    for (const { idEvent, attempts, nextAttemptAt } of patient) {
      const found = await dispatcher.getDelivery(idEvent)
      if (!found.ok) throw new Error(`nothing is known of ${idEvent}`)
      if (found.delivery.status === 'delivered') continue
      expect(found.delivery).toMatchObject({ status: 'failing', attempts, nextAttemptAt })
      expect(found.attemptLog.length).toBe(attempts + 1)
      triedEarly += 1
    }
    expect(triedEarly).toBeGreaterThan(0)
  })

  it('is not asked at once for an event that it alone refuses, however often others are delivered', async () => {
    passSeconds(0)
    const { endpoint, log, dispatcher, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('"poison"', { status: 400 })
    await log(text('poison', 'poison'))
    await until(async () => (await view()).failing === 1, 'failed')
    for (let round = 1; round <= 4; round++) {
      await log(...range(1, 10).map((value) => text(value, value)))
      await until(async () => (await endpoint.values()).length === 1 + 10 * round, 'the others')
    }
    // An outage of the whole endpoint gives it one attempt more, and no further one.
    passSeconds(1)
    await endpoint.script({ status: 500 })
    await log(...range(1, 10).map((value) => text(value, value)))
    await until(async () => (await view()).breaker === 'open', 'open')
    await endpoint.script({ status: 200 })
    for (let round = 0; round < 3 && (await view()).breaker === 'open'; round++) await passTo(2)
    await until(async () => (await view()).lag <= 1, 'the others again')
    for (let round = 1; round <= 4; round++) await log(...range(1, 10).map((value) => text(value, value)))
    await until(async () => (await view()).lag <= 1, 'all but one')
    const { deliveries } = await dispatcher.listDeliveries({ status: 'failing', limit: 5 })
    expect(deliveries.length).toBe(1)
    expect((await endpoint.values()).filter((value) => value === 'poison').length).toBeLessThanOrEqual(3)
  })

  it('is asked at once for what failed with it, and not for what it had refused before', async () => {
    passSeconds(0)
    const { endpoint, log, dispatcher, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('"poison"', { status: 400 })
    const poison = text('poison', 'poison')
    await log(poison)
    await until(async () => (await view()).failing === 1, 'failed')
    await passTo(10)
    await until(async () => (await endpoint.values()).length === 2, 'failed again')
    await log(text('another', 'another'))
    await until(async () => (await endpoint.values()).length === 3, 'another')
    passSeconds(1)
    await endpoint.script({ status: 500 })
    await log(...range(1, 10).map((value) => text(value, value)))
    await until(async () => (await view()).breaker === 'open', 'open')
    const planned = async () => {
      const found = await dispatcher.getDelivery(String(poison['idEvent']))
      return found.ok ? found.delivery.nextAttemptAt : null
    }
    const before = await planned()
    await endpoint.script({ status: 200 })
    for (let round = 0; round < 3 && (await view()).breaker === 'open'; round++) await passTo(2)
    await until(async () => (await view()).lag === 1, 'all but one')
    expect(before).toBeGreaterThan(Date.now())
    expect(await planned()).toBe(before)
    expect((await endpoint.values()).filter((value) => value === 'poison').length).toBe(2)
  })

  it('is not taken to be down still because of an event that it refuses', async () => {
    passSeconds(0)
    // No jitter: what failed first is what is due first.
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching('"poison"', { status: 400 })
    await log(text('poison', 'poison'))
    await until(async () => (await view()).failing === 1, 'failed')
    passSeconds(1)
    await log(text('another', 'another'))
    await until(async () => (await endpoint.values()).length === 2, 'another')
    await endpoint.script({ status: 500 })
    await log(...range(1, 10).map((value) => text(value, value)))
    await until(async () => (await view()).breaker === 'open', 'open')
    await endpoint.script({ status: 200 })
    await passTo(5)
    await until(async () => (await view()).lag === 1, 'all but one')
  })

  it('is not asked again for an event earlier than it has said itself', async () => {
    const { endpoint, log, passTo, describe: view } = await makeDelivery()
    await endpoint.scriptMatching(
      '"later"',
      { status: 400, headers: { 'retry-after': '600' } },
      { status: 200 },
    )
    await log(text('later', '1'))
    await until(async () => (await view()).failing === 1, 'failed')
    await log(text('other', '2'))
    await until(async () => (await endpoint.values()).length === 2, 'the other')
    await passTo(300)
    expect(await endpoint.values()).toEqual(['later', 'other'])
    await passTo(301)
    await until(async () => (await endpoint.values()).length === 3, 'later')
  })
})
