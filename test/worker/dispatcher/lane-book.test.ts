import { afterEach, describe, expect, it, vi } from 'vitest'
import { drained, makeDelivery, text, until, type Delivery } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** How the list shows each event that it shows, oldest first. */
async function listed({ dispatcher }: Delivery, status?: 'pending' | 'delivered') {
  const { deliveries } = await dispatcher.listDeliveries({ limit: 100, status })
  return deliveries.map((one) => [one.sequence, one.status]).toReversed()
}

describe('a chat in which an event has failed', () => {
  it.each([[[]], [['2']]])(
    'is done with when all of it has come, also after an eviction (behind: %j)',
    async (behind) => {
      const delivery = await makeDelivery()
      const { endpoint, log, evict, passTo, describe: view } = delivery
      await endpoint.script({ status: 500 }, { status: 200 })
      await log(text('1'), ...behind.map((value) => text(value)))
      await until(async () => (await view()).failing === 1, 'failed')
      await passTo(10)
      await drained(delivery, 2 + behind.length)
      await evict()
      await passTo(100)
      expect(await view()).toMatchObject({ failing: 0, lag: 0 })
      expect(await endpoint.values()).toEqual(['1', '1', ...behind])
    },
  )

  it('does not make what it has delivered before look as if it waited', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, describe: view } = delivery
    await endpoint.scriptMatching('bad', { status: 400 })
    await log(text('bad 1', 'b'), text('fine', 'a'))
    await drainedTo(2)
    await log(text('bad 2', 'a'), text('behind', 'a'))
    await drainedTo(3)
    expect(await listed(delivery)).toEqual([
      [1, 'failing'],
      [2, 'delivered'],
      [3, 'failing'],
      [4, 'pending'],
    ])
    expect(await listed(delivery, 'pending')).toEqual([[4, 'pending']])
    expect(await view()).toMatchObject({ lag: 3 })

    async function drainedTo(count: number) {
      await until(async () => (await endpoint.values()).length === count, `${count} requests`)
      await until(async () => (await view()).attempts === count, `${count} answers`)
    }
  })

  it.each([
    ['at once', 0],
    // More than is read from the log at a time, so that progress is written before the next event is tried.
    ['with much behind it', 220],
  ])('tells of the next event that fails %s its own attempts alone', async (_when, behind) => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log, evict, passTo, describe: view } = delivery
    await endpoint.scriptMatching('"first"', { status: 500 }, { status: 200 })
    await endpoint.scriptMatching('"second"', { status: 503 })
    const second = text('second')
    await log(text('first'), second, ...Array.from({ length: behind }, (_, index) => text(`${index}`)))
    await until(async () => (await view()).failing === 1, 'the first failed')
    await passTo(10)
    await until(async () => (await endpoint.values()).length === 3, 'the second was tried')
    await until(async () => (await view()).failing === 1, 'the second failed')
    const attempts = async () => {
      const found = await dispatcher.getDelivery(second.idEvent ?? '')
      return found.ok && found.attemptLog.map(({ statusCode }) => statusCode)
    }
    expect(await attempts()).toEqual([503])
    await evict()
    expect(await attempts()).toEqual([503])
  })
})

describe('what has become of an event', () => {
  it('is told with its attempt at once, although nothing is written while another request is under way', async () => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher, log } = delivery
    await endpoint.scriptMatching('"slow"', { delayMs: 1500 })
    await endpoint.scriptMatching('"bad"', { status: 500 })
    const [bad, good] = [text('bad', '2'), text('good', '3')]
    await log(text('slow', '1'), bad, good)
    for (const [draft, statusCode, status] of [
      [bad, 500, 'failing'],
      [good, 200, 'delivered'],
    ] as const) {
      await until(async () => {
        const { deliveries } = await dispatcher.listDeliveries({ status, limit: 5 })
        return deliveries.length > 0
      }, status)
      expect(await dispatcher.getDelivery(draft.idEvent ?? '')).toMatchObject({
        delivery: { status },
        attemptLog: [{ statusCode }],
      })
    }
  })
})
