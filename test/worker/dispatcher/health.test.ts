import { describe, expect, it } from 'vitest'
import { Health } from '../../../worker/dispatcher/health.ts'

function healthOf(...attempts: { times?: number; isDelivered?: boolean; durationMs: number }[]): Health {
  const health = new Health()
  for (const { times = 1, isDelivered = true, durationMs } of attempts) {
    for (let count = 0; count < times; count++) health.add(isDelivered, durationMs)
  }
  return health
}

describe('how an endpoint fares', () => {
  it('is not known before the first attempt', () => {
    expect(healthOf().summary()).toEqual({ attempts: 0, successRate: null, p50Ms: null, p95Ms: null })
  })

  it('is told by the share of deliveries and by durations that half and 95 % of the attempts kept', () => {
    const durations = Array.from({ length: 100 }, (_, index) => ({ durationMs: 100 - index }))
    const health = healthOf(...durations, { times: 25, isDelivered: false, durationMs: 1000 })
    expect(health.summary()).toEqual({ attempts: 125, successRate: 0.8, p50Ms: 63, p95Ms: 1000 })
    expect(healthOf(...durations).summary()).toMatchObject({ p50Ms: 50, p95Ms: 95 })
    expect(healthOf({ durationMs: 7 }).summary()).toMatchObject({ p50Ms: 7, p95Ms: 7 })
  })

  it('is told by the last 200 attempts alone', () => {
    const health = healthOf(
      { times: 150, isDelivered: false, durationMs: 9000 },
      { times: 199, durationMs: 10 },
    )
    expect(health.summary()).toEqual({ attempts: 200, successRate: 0.995, p50Ms: 10, p95Ms: 10 })
    health.add(true, 10)
    expect(health.summary().successRate).toBe(1)
  })

  it('is trusted by deliveries in a row: one failure begins them anew', () => {
    const health = healthOf({ times: 30, durationMs: 10 })
    expect(health.streak).toBe(30)
    health.add(false, 10)
    expect(health.streak).toBe(0)
    health.add(true, 10)
    expect(health.streak).toBe(1)
  })

  it('has a usual duration: the mean at first, then what the last 16 or so attempts took', () => {
    expect(healthOf({ durationMs: 100 }, { durationMs: 20 }).usualMs).toBe(60)
    const steady = healthOf({ times: 100, durationMs: 100 })
    steady.add(true, 260)
    expect(steady.usualMs).toBeCloseTo(110)
    for (let count = 0; count < 48; count++) steady.add(true, 20)
    expect(steady.usualMs).toBeLessThan(25)
  })
})
