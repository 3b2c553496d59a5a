import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConformanceStage, pause, range, text, waitUntil } from './stage.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: '2,10,30,60' })
})

afterAll(async () => {
  await stage?.stop()
})

describe('load', () => {
  it('57. drains a backlog of 50,000 when its endpoint recovers, and new events meanwhile', async () => {
    const one = await stage.case()
    await one.patch({ status: 'paused' })
    const total = 50_000
    for (let sent = 0; sent < total; sent += 500) {
      await one.publish(
        ...range(sent + 1, sent + 500).map((value) => text(value, String(Number(value) % 100))),
      )
    }
    const startedAt = Date.now()
    await one.patch({ status: 'enabled' })
    await one.until(1000, 30_000)
    await one.publish(text('fresh', 'fresh'))
    await waitUntil(() => one.received.length > total, 'the whole backlog', 180_000)
    const rate = total / ((Date.now() - startedAt) / 1000)
    expect(rate).toBeGreaterThan(500)
    const last = new Map<number, number>()
    for (const value of one.values.map(Number).filter((number) => !Number.isNaN(number))) {
      expect(value).toBeGreaterThan(last.get(value % 100) ?? 0)
      last.set(value % 100, value)
    }
  }, 300_000)

  it('34. spreads the next attempts of what failed together', async () => {
    const one = await stage.case({ ordering: 'none' })
    one.script({ status: 500 }, { status: 500 }, { status: 500 }, { status: 500 })
    await one.publish(...range(1, 4).map((value) => text(value)))
    await waitUntil(async () => (await one.deliveries('status=failing')).length === 4, 'four failures')
    const times = (await one.deliveries('status=failing')).map(({ nextAttemptAt }) => nextAttemptAt)
    expect(new Set(times).size).toBeGreaterThan(1)
  }, 60_000)

  it('53. leaves healthy endpoints as fast as they were beside one that hangs', async () => {
    const healthy = await Promise.all(Array.from({ length: 5 }, () => stage.case()))
    const hanging = await stage.case()
    hanging.script({ fault: 'hang' })
    const measure = async () => {
      const startedAt = Date.now()
      const before = healthy.map((one) => one.received.length)
      for (let round = 0; round < 40; round++) {
        await Promise.all(healthy.map((one) => one.publish(text('x'))))
      }
      await Promise.all(healthy.map((one, index) => one.until((before[index] ?? 0) + 40)))
      return Date.now() - startedAt
    }
    await measure()
    const alone = await measure()
    await hanging.publish(...range(1, 50).map((value) => text(value, value)))
    await hanging.until(6)
    const beside = await measure()
    expect(beside).toBeLessThan(alone * 1.5 + 200)
  }, 120_000)

  it('37. slows other deliveries too after a 429 without Retry-After', async () => {
    const one = await stage.case()
    one.scriptMatching('"limited"', { status: 429 }, { status: 200 })
    await one.publish(text('limited', '1'))
    const [first] = await one.until(1)
    await pause(200)
    await one.publish(text('other', '2'))
    const [, second] = await one.until(2)
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1500)
  }, 60_000)
})
