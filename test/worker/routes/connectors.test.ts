import { expect, it } from 'vitest'
import { admin } from '../support/api-client.ts'
import { FleetClient } from '../support/fleet-client.ts'

type List = { connectors: { idConnector: string; capacity: number }[]; waitingSessions: number }

it('lists the connectors that are online', async () => {
  const before = await admin.get<List>('/v1/connectors')
  expect(before.body.connectors).toEqual([])
  await FleetClient.join('connector-a', { capacity: 7 })
  const { body } = await admin.get<List>('/v1/connectors')
  expect(body.connectors).toEqual([expect.objectContaining({ idConnector: 'connector-a', capacity: 7 })])
})
