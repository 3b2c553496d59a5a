import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxProbeDelayMs, probeDelay, retryDelay } from '../../../worker/dispatcher/backoff.ts'
import { maxRetryAfterMs, readRetryAfter } from '../../../worker/dispatcher/retry-after.ts'

const schedules = fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 20 })
const shares = fc.double({ min: 0, max: 1, noNaN: true })

describe('backoff', () => {
  it('stays within a fifth of the schedule, and ends with it', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 30 }), shares, (schedule, attempts, random) => {
        const delay = retryDelay(schedule, attempts, random)
        const seconds = schedule[attempts - 1]
        if (seconds === undefined) expect(delay).toBeNull()
        else {
          expect(delay).toBeGreaterThanOrEqual(Math.floor(seconds * 800))
          expect(delay).toBeLessThanOrEqual(Math.ceil(seconds * 1200))
        }
      }),
    )
  })

  it('spreads what failed together', () => {
    const delays = Array.from({ length: 1000 }, () => retryDelay([60], 1, Math.random()) ?? 0)
    const perSecond = new Map<number, number>()
    for (const delay of delays) {
      const second = Math.floor(delay / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
    }
    expect(Math.max(...perSecond.values())).toBeLessThan(100)
  })

  it('probes at least once in a bit more than a minute, whatever the schedule', () => {
    fc.assert(
      fc.property(schedules, fc.nat(100), shares, (schedule, step, random) => {
        const delay = probeDelay(schedule, step, random)
        expect(delay).toBeGreaterThan(0)
        expect(delay).toBeLessThanOrEqual(maxProbeDelayMs * 1.2)
      }),
    )
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1)

  it.each([
    ['7', 7000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['315360000', maxRetryAfterMs],
    ['Thu, 01 Jan 2036 00:00:00 GMT', maxRetryAfterMs],
    ['99999999999999999999999', maxRetryAfterMs],
    ['-5', null],
    ['7.5', null],
    ['soon', null],
    ['Thursday noon', null],
    ['', null],
    [null, null],
  ])('reads %j as %j ms', (value, expected) => {
    expect(readRetryAfter(value, now)).toBe(expected)
  })

  it('is never negative, never longer than its bound, never NaN', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const delay = readRetryAfter(value, now)
        if (delay !== null) expect(delay >= 0 && delay <= maxRetryAfterMs).toBe(true)
      }),
    )
  })
})
