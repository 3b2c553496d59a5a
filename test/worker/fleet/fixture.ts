import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { FleetClient } from '../support/fleet-client.ts'

export const fleet = () => env.FLEET.getByName('fleet')

export function jumpSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

/** Time passes, and the Fleet is awake: its alarm rings, and those that are there beat. */
export async function passSeconds(seconds: number, ...beating: FleetClient[]): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    jumpSeconds(1)
    for (const client of beating) await beat(client)
    await runDurableObjectAlarm(fleet())
  }
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
