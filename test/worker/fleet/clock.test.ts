import { reset, runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FleetClient } from '../support/fleet-client.ts'
import { makeSession } from '../support/objects.ts'
import { beat, connectorNames, fleet, jumpSeconds, passSeconds } from './fixture.ts'

afterEach(async () => {
  vi.useRealTimers()
  await reset()
})

describe('the Fleet’s own time', () => {
  it.each([
    ['forward', 3 * 3600],
    ['by little more than a silence', 12],
    ['by little less than a silence', 9],
    ['back', -3600],
  ])('keeps every connector and moves nothing when the clock jumps %s', async (_title, seconds) => {
    const one = await FleetClient.join('one')
    const { ref } = await makeSession()
    await one.runs(ref.idObject)
    const two = await FleetClient.join('two')
    await passSeconds(4)
    jumpSeconds(seconds)
    await beat(two)
    await runDurableObjectAlarm(fleet())
    await runDurableObjectAlarm(fleet())
    await passSeconds(2, one, two)
    expect(await connectorNames()).toEqual(['one', 'two'])
    expect(two.told).toEqual([])
  })

  it('notices a silence also after the clock has jumped', async () => {
    await FleetClient.join('frozen')
    const other = await FleetClient.join('other')
    jumpSeconds(3600)
    await passSeconds(11, other)
    expect(await connectorNames()).toEqual(['other'])
  })

  it('notices it, too, when the clock was set back', async () => {
    // The machine takes no alarm in its own past, so the clock is set back to a time that is still ahead of it.
    jumpSeconds(7200)
    await FleetClient.join('frozen')
    const other = await FleetClient.join('other')
    await passSeconds(4, other)
    jumpSeconds(-3600)
    await passSeconds(8, other)
    expect(await connectorNames()).toEqual(['other'])
  })

  it('costs few alarms while a connector beats and nothing is due', async () => {
    const one = await FleetClient.join('one')
    const { ref } = await makeSession()
    await one.runs(ref.idObject)
    await passSeconds(10, one)
    const { rings } = await passSeconds(60, one)
    expect(rings).toBeLessThanOrEqual(8)
  })

  it('gives those time to come back whose sockets a suspension has cost', async () => {
    const lost = await FleetClient.join('lost')
    const { ref } = await makeSession()
    await lost.runs(ref.idObject)
    const other = await FleetClient.join('other')
    jumpSeconds(3600)
    lost.close()
    await vi.waitFor(async () => expect(await connectorNames()).toEqual(['other']))
    await passSeconds(3, other)
    expect(other.told).toEqual([])
    await passSeconds(2, other)
    await other.runs(ref.idObject)
  })
})
