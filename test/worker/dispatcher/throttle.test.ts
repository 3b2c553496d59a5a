import { describe, expect, it } from 'vitest'
import { Starts, Throttle, type StartsGiven } from '../../../worker/dispatcher/throttle.ts'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { linkTo, makeLinked } from '../support/linked-session.ts'
import { until } from './fixture.ts'

/** A customer with some linked sessions, and one subscription to all of them. */
async function makeBusy(sessions: number, rateLimitPerSecond: number | null) {
  const endpoint = new Endpoint()
  const { customer, link } = await makeLinked()
  const links = [{ idSession: 'support', link }]
  for (let count = 1; count < sessions; count++) {
    const idSession = `other-${count}`
    await customer.post('/v1/sessions', { idSession })
    const other = await linkTo(customer, idSession)
    await other.report({ report: 'connected', number: '34911222333@s.whatsapp.net' })
    links.push({ idSession, link: other })
  }
  const { body } = await customer.post<{ idSubscription: string }>('/v1/subscriptions', {
    url: endpoint.url,
    events: ['conversation'],
    ordering: 'none',
    rateLimitPerSecond,
  })
  const path = `/v1/subscriptions/${body.idSubscription}`
  const deliver = ({ idSession, link: via }: (typeof links)[0], count: number) =>
    via.deliver(...Array.from({ length: count }, () => conversation({ idSession })))
  return {
    customer,
    path,
    /** Logs so many texts in each session, or in the first alone. */
    deliver: (count: number) => Promise.all(links.map((one) => deliver(one, count))),
    deliverToFirst: (count: number) => deliver(links[0]!, count),
    /** When the requests came. */
    times: async () => (await endpoint.received()).map(({ at }) => at),
  }
}

/** The most that began within any second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))
}

describe('the rate limit of a subscription', () => {
  it('51. is one for all its sessions, and is reached by them together', async () => {
    const { deliver, times } = await makeBusy(3, 20)
    await deliver(20)
    await until(async () => (await times()).length === 60, 'all')
    const came = await times()
    expect(mostInASecond(came)).toBeLessThanOrEqual(22)
    expect(came.at(-1)! - came[0]!).toBeGreaterThan(2800)
    // With starts that nobody uses it would take twice as long.
    expect(came.at(-1)! - came[0]!).toBeLessThan(5500)
  })

  it('is all of one session’s while the others have nothing to send', async () => {
    const { deliverToFirst, times } = await makeBusy(3, 20)
    await deliverToFirst(40)
    await until(async () => (await times()).length === 40, 'all')
    const came = await times()
    // With a third of the rate it would take six seconds.
    expect(came.at(-1)! - came[0]!).toBeLessThan(5500)
  })

  it('counts anew from the moment at which it is changed', async () => {
    const { customer, deliver, path, times } = await makeBusy(2, 1)
    await deliver(30)
    await until(async () => (await times()).length >= 1, 'one')
    await customer.patch(path, { rateLimitPerSecond: 1000 })
    await until(async () => (await times()).length === 60, 'all')
  })
})

describe('starts', () => {
  it('are given once each, evenly, and only a little of the past', () => {
    const starts = new Starts()
    expect(starts.give({ rate: 10, count: 3 }, 100_000)).toEqual({ at: 100_000, everyMs: 100, count: 3 })
    expect(starts.give({ rate: 10, count: 1 }, 100_000).at).toBe(100_300)
    expect(starts.give({ rate: 10, count: 1 }, 100_000).at).toBe(100_400)
    expect(starts.give({ rate: 10, count: 1 }, 200_000).at).toBe(200_000)
    expect(starts.give({ rate: 100, count: 1 }, 200_000).at).toBe(199_950)
  })
})

describe('a share of the starts', () => {
  it('is asked for again a second after it could not be asked for, and not before', async () => {
    let now = 100_000
    const asked: number[] = []
    const failures: unknown[] = []
    const throttle = new Throttle({
      rate: () => 10,
      ask: async ({ count }) => {
        asked.push(now)
        if (asked.length === 1) throw new Error('away')
        return { at: now, everyMs: 100, count }
      },
      now: () => now,
      answered: () => {},
      failed: (error) => failures.push(error),
    })
    expect(throttle.wait(now, 1)).toBeNull()
    await Promise.resolve()
    expect(failures).toHaveLength(1)
    expect(throttle.wait(now, 1)).toBe(1000)
    expect(throttle.nextAt(now)).toBe(101_000)
    now += 1000
    expect(throttle.wait(now, 1)).toBeNull()
    await Promise.resolve()
    expect(throttle.wait(now, 1)).toBe(0)
    expect(asked).toEqual([100_000, 101_000])
  })

  it('of an old limit is worth nothing, whether it has come or is on its way', async () => {
    let rate = 1
    const answers: ((given: StartsGiven) => void)[] = []
    const throttle = new Throttle({
      rate: () => rate,
      ask: () => new Promise((resolve) => answers.push(resolve)),
      now: () => 0,
      answered: () => {},
      failed: () => {},
    })
    const answer = async (at: number) => {
      answers.at(-1)?.({ at, everyMs: 1000 / rate, count: 1 })
      await Promise.resolve()
    }
    expect(throttle.wait(0, 1)).toBeNull()
    await answer(5000)
    expect(throttle.wait(0, 1)).toBe(5000)
    rate = 2
    throttle.reset()
    expect(throttle.wait(0, 1)).toBeNull()
    rate = 100
    throttle.reset()
    await answer(9000)
    expect(throttle.wait(0, 1)).toBeNull()
    await answer(10)
    expect(throttle.wait(0, 1)).toBe(10)
  })
})
