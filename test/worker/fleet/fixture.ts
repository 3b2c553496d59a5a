import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { beatSeconds } from '../../../worker/fleet/connectors.ts'
import type { FleetClient } from '../support/fleet-client.ts'

export const fleet = () => env.FLEET.getByName('fleet')

export function jumpSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

/** Time passes, and the Fleet is awake: its alarm rings when it is due, and those that are there beat; counts the alarms. */
export async function passSeconds(seconds: number, ...beating: FleetClient[]): Promise<{ rings: number }> {
  let rings = 0
  for (let second = 1; second <= seconds; second++) {
    jumpSeconds(1)
    if (second % beatSeconds === 0) for (const client of beating) await beat(client)
    const alarmAt = await runInDurableObject(fleet(), (_fleet, state) => state.storage.getAlarm())
    if (alarmAt === null || alarmAt > Date.now()) continue
    await runDurableObjectAlarm(fleet())
    rings += 1
  }
  return { rings }
}

/** Resolves when the Fleet has heard it. */
export async function beat(client: FleetClient): Promise<void> {
  const at = Date.now()
  client.send({ type: 'beat' })
  await vi.waitFor(async () => {
    const { connectors } = await fleet().listConnectors()
    const shown = connectors.find(({ idConnector }) => idConnector === client.idConnector)
    expect(shown?.lastBeatAt).toBeGreaterThanOrEqual(at)
  })
}

export async function connectorNames(): Promise<string[]> {
  return (await fleet().listConnectors()).connectors.map(({ idConnector }) => idConnector)
}
