import { runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { DeadLetters } from '../../../worker/dispatcher/dead-letters.ts'
import { makeDelivery, text, until, type Delivery } from './fixture.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function readAlarm({ dispatcher }: Delivery): Promise<number | null> {
  return runInDurableObject(dispatcher, (_object, { storage }) => storage.getAlarm())
}

/** An event as the Session hands it over. */
function entry(sequence: number) {
  return { sequence, body: JSON.stringify({ ...text(`${sequence}`), idSession: 'support', sequence }) }
}

describe('an alarm', () => {
  it.each([
    ['a lone wake', 0],
    ['a wake of a stream', 1],
  ])('stands when %s is answered before its event is', async (_what, earlier) => {
    const delivery = await makeDelivery()
    const { endpoint, dispatcher } = delivery
    await endpoint.script({ fault: 'hang' })
    for (let wake = 0; wake < earlier; wake++) await dispatcher.wake({ head: 0, entries: [] })
    expect(await readAlarm(delivery)).toBeNull()
    await dispatcher.wake({ head: 1, entries: [entry(1)] })
    expect(await readAlarm(delivery)).not.toBeNull()
  })

  it('74. does not fail, and stands again, when the work that it does throws', async () => {
    const delivery = await makeDelivery()
    const { endpoint, log, passTo, describe: view } = delivery
    await endpoint.script({ status: 500 })
    await log(text('1'))
    await until(async () => (await view()).failing === 1, 'a failure')
    const complaints = vi.spyOn(console, 'error').mockReturnValue()
    vi.spyOn(DeadLetters.prototype, 'prune').mockImplementation(() => {
      throw new Error('the storage is away')
    })
    await expect(passTo(10)).resolves.toBeUndefined()
    expect(complaints).toHaveBeenCalledWith(expect.stringContaining('the storage is away'))
    expect(await readAlarm(delivery)).not.toBeNull()
  })
})
