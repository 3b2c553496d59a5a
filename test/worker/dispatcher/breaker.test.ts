import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Breaker, breakerTable, tripAfterEvents } from '../../../worker/dispatcher/breaker.ts'

const delayMs = 1000
const makeBreaker = () => new Breaker(null, (step) => delayMs * (step + 1))

describe('breaker', () => {
  it('opens when several different events fail in a row, and lets one probe through at a time', () => {
    const breaker = makeBreaker()
    for (let event = 1; event <= tripAfterEvents; event++) breaker.fail(event, 0, false, 0)
    expect(breaker.isClosed).toBe(false)
    expect(breaker.isDue(delayMs - 1)).toBe(false)
    expect(breaker.isDue(delayMs)).toBe(true)
    breaker.probe(delayMs)
    expect(breaker.isDue(delayMs * 100)).toBe(false)
    breaker.succeed(delayMs)
    expect(breaker.isClosed).toBe(true)
  })

  it('stays closed for one event that fails for ever', () => {
    const breaker = makeBreaker()
    for (let attempt = 0; attempt < 1000; attempt++) breaker.fail(7, attempt, false, 0)
    expect(breaker.isClosed).toBe(true)
  })

  it('waits longer after each failed probe, and as long as it was asked to', () => {
    const breaker = makeBreaker()
    breaker.fail(1, 0, true, 5000)
    expect(breaker.record.probeAt).toBe(5000)
    breaker.probe(5000)
    breaker.fail(1, 5000, false, 0)
    expect(breaker.record.probeAt).toBe(5000 + 2 * delayMs)
  })

  it('begins with the shortest wait again after a success', () => {
    const breaker = makeBreaker()
    for (const now of [0, 1_000_000]) {
      breaker.fail(1, now, true, 0)
      expect(breaker.record.probeAt).toBe(now + delayMs)
      breaker.probe(now + delayMs)
      breaker.fail(1, now + delayMs, true, 0)
      expect(breaker.record.probeAt).toBe(now + 3 * delayMs)
      breaker.succeed(now + delayMs)
    }
  })

  it('makes a probe again that was under way when everything was forgotten but its record', () => {
    const breaker = new Breaker({ state: 'probing', step: 1, probeAt: 5000 }, () => delayMs)
    expect(breaker.isDue(4999)).toBe(false)
    expect(breaker.isDue(5000)).toBe(true)
  })

  it('is total, and a success closes it from everywhere', () => {
    for (const cells of Object.values(breakerTable)) {
      expect(Object.keys(cells).sort()).toEqual(['due', 'failed', 'slowed', 'succeeded', 'tripped'])
      expect(cells.succeeded.state).toBe('closed')
    }
  })

  it('is never stuck: whatever happens, a probe comes due or it is closed', () => {
    const inputs = fc.array(
      fc.record({
        kind: fc.constantFrom('succeed', 'fail', 'slow', 'probe', 'withdraw'),
        event: fc.nat(10),
        passMs: fc.nat(5000),
      }),
    )
    fc.assert(
      fc.property(inputs, (plan) => {
        const breaker = makeBreaker()
        let now = 0
        for (const { kind, event, passMs } of plan) {
          now += passMs
          if (kind === 'succeed') breaker.succeed(now)
          else if (kind === 'fail') breaker.fail(event, now, false, 0)
          else if (kind === 'slow') breaker.fail(event, now, true, passMs)
          else if (kind === 'withdraw') breaker.withdraw()
          else if (breaker.isDue(now)) breaker.probe(now)
        }
        breaker.withdraw()
        expect(breaker.isClosed || breaker.isDue(Infinity)).toBe(true)
      }),
    )
  })
})
