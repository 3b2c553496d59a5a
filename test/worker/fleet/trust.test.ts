import { reset } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FleetClient } from '../support/fleet-client.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession } from '../support/objects.ts'
import { fleet, passSeconds } from './fixture.ts'

afterEach(async () => {
  vi.useRealTimers()
  await reset()
})

describe('a connector that does not begin what it is given', () => {
  type Made = Awaited<ReturnType<typeof makeSession>>

  async function failThree(): Promise<Made[]> {
    const made = [await makeSession(), await makeSession(), await makeSession()]
    for (const { ref } of made) for (let ask = 0; ask < 3; ask++) await fleet().wantSession(ref)
    return made
  }

  async function statusOf(name: string): Promise<string | undefined> {
    const { connectors } = await fleet().listConnectors()
    return connectors.find(({ idConnector }) => idConnector === name)?.status
  }

  it('is shown as failing and given nothing more, and those that asked go elsewhere', async () => {
    const liar = await FleetClient.join('liar', { capacity: 1000 })
    const honest = await FleetClient.join('honest', { capacity: 10 })
    const fourth = await makeSession()
    await fleet().wantSession(fourth.ref)
    const made = await failThree()
    for (const { ref } of [...made, fourth]) await honest.runs(ref.idObject)
    expect(await statusOf('liar')).toBe('failing')
    const { ref } = await makeSession()
    await honest.runs(ref.idObject)
    expect(liar.told).not.toContain(ref.idObject)
    expect(await statusOf('honest')).toBe('online')
  })

  it('is given one session a minute that nobody else has room for, and all when it begins that', async () => {
    const only = await FleetClient.join('only')
    await failThree()
    expect(await statusOf('only')).toBe('failing')
    const later = [await makeSession(), await makeSession()]
    const given = () => later.filter(({ ref }) => only.told.includes(ref.idObject))
    const countGiven = () => given().length
    await passSeconds(45, only)
    expect(countGiven()).toBe(0)
    await passSeconds(25, only)
    expect(countGiven()).toBe(1)
    const [tried] = given()
    await LinkClient.attach(tried!.stub, { idConnector: 'only' })
    await passSeconds(10, only)
    await only.until(() => countGiven() === 2)
    expect(await statusOf('only')).toBe('online')
  })

  it('is trusted again when it is started anew, not when it merely comes back', async () => {
    const first = await FleetClient.join('liar', { instance: 'one' })
    await failThree()
    await FleetClient.join('liar', { instance: 'one' })
    await first.until(() => first.closed !== null)
    expect(await statusOf('liar')).toBe('failing')
    await passSeconds(15)
    await FleetClient.join('liar', { instance: 'two' })
    expect(await statusOf('liar')).toBe('online')
  })

  it('is failing, too, when it falls silent three times', async () => {
    for (let turn = 0; turn < 3; turn++) {
      await FleetClient.join('deaf', { instance: 'one' })
      expect(await statusOf('deaf')).toBe('online')
      await passSeconds(15)
    }
    await FleetClient.join('deaf', { instance: 'one' })
    expect(await statusOf('deaf')).toBe('failing')
  })
})
