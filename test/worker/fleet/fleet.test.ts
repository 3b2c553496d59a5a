import { abortAllDurableObjects, evictDurableObject, reset, runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LINK_VERSION, linkClose } from '../../../schema/link.ts'
import { FleetClient } from '../support/fleet-client.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeConnected, makeSession, makeTenant, ownNumber } from '../support/objects.ts'
import { connectorNames, fleet, passSeconds } from './fixture.ts'

afterEach(async () => {
  vi.useRealTimers()
  await reset()
})

describe('connectors', () => {
  it('are listed with their capacity and load', async () => {
    await FleetClient.join('a', { capacity: 7 })
    await makeSession()
    expect(await fleet().listConnectors()).toMatchObject({
      connectors: [{ idConnector: 'a', status: 'online', capacity: 7, sessions: 1 }],
      waitingSessions: 0,
    })
  })

  it.each([
    ['text that is not JSON', 'hello', linkClose.badFrame],
    ['a beat before hello', { type: 'beat' }, linkClose.badFrame],
    ['an unknown field', { type: 'beat', extra: 1 }, linkClose.badFrame],
    [
      'another version',
      { type: 'hello', version: LINK_VERSION + 1, idConnector: 'a', capacity: 1, running: [] },
      linkClose.versionMismatch,
    ],
  ])('are closed on %s', async (_title, frame, code) => {
    const client = await FleetClient.open()
    client.send(frame)
    await client.until(() => client.closed !== null)
    expect(client.closed?.code).toBe(code)
  })
})

describe('two connectors of one name', () => {
  it('do not take each other’s sessions: the second is refused while the first is there', async () => {
    const first = await FleetClient.join('same', { instance: 'one' })
    const { ref } = await makeSession()
    await first.runs(ref.idObject)
    const second = await FleetClient.open('same')
    const hello = { type: 'hello', version: LINK_VERSION, idConnector: 'same', capacity: 1, running: [] }
    second.send({ ...hello, instance: 'two' })
    await second.until(() => second.closed !== null)
    expect(second.closed?.code).toBe(linkClose.nameTaken)
    expect(first.closed).toBeNull()
    await passSeconds(15)
    const third = await FleetClient.join('same', { instance: 'two' })
    await third.runs(ref.idObject)
  })

  it('are one when the same process comes back on another socket, also after an eviction', async () => {
    const first = await FleetClient.join('same', { instance: 'one' })
    await evictDurableObject(fleet())
    await FleetClient.join('same', { instance: 'one' })
    await first.until(() => first.closed !== null)
    expect(await connectorNames()).toEqual(['same'])
  })
})

describe('the master key', () => {
  const hello = (idConnector: string, keyFingerprint: string) => {
    return { type: 'hello', version: LINK_VERSION, idConnector, capacity: 5, running: [], keyFingerprint }
  }

  async function refusalOf(frame: Record<string, unknown>): Promise<number | undefined> {
    const client = await FleetClient.open()
    client.send(frame)
    await client.until(() => client.closed !== null)
    return client.closed?.code
  }

  it('is that of the first connector: one with another gets no session, also after an eviction', async () => {
    await FleetClient.join('right', { keyFingerprint: 'one' })
    expect(await refusalOf(hello('wrong', 'two'))).toBe(linkClose.otherKey)
    await evictDurableObject(fleet())
    expect(await refusalOf(hello('wrong', 'two'))).toBe(linkClose.otherKey)
    await FleetClient.join('also-right', { keyFingerprint: 'one' })
    expect(await connectorNames()).toEqual(['right', 'also-right'])
  })

  it('becomes another when a connector says that it is new', async () => {
    await FleetClient.join('before', { keyFingerprint: 'one' })
    await FleetClient.join('after', { keyFingerprint: 'two', isKeyNew: true })
    expect(await refusalOf(hello('late', 'one'))).toBe(linkClose.otherKey)
    await FleetClient.join('later', { keyFingerprint: 'two' })
  })
})

describe('placement', () => {
  it('gives sessions to the connector with the most room', async () => {
    const small = await FleetClient.join('small', { capacity: 1 })
    const large = await FleetClient.join('large', { capacity: 3 })
    const made = [await makeSession(), await makeSession(), await makeSession()]
    await large.until(() => large.told.length === 3)
    expect(large.told).toEqual(made.map(({ ref }) => ref.idObject))
    expect(small.told).toEqual([])
  })

  it('lets a session wait until a connector comes, and when all are full until there is room', async () => {
    const one = await makeSession()
    const two = await makeSession()
    expect(await fleet().listConnectors()).toMatchObject({ waitingSessions: 2 })
    const connector = await FleetClient.join('a', { capacity: 1 })
    await connector.until(() => connector.told.length === 1)
    expect(await fleet().listConnectors()).toMatchObject({ waitingSessions: 1 })
    const [first] = connector.told
    await (first === one.ref.idObject ? one : two).stub.stop()
    await connector.until(() => connector.told.length === 2)
    expect(connector.released).toEqual([first])
  })

  it('moves the sessions of a connector whose socket closed, after a short grace', async () => {
    const lost = await FleetClient.join('lost')
    const { ref } = await makeSession()
    await lost.runs(ref.idObject)
    const other = await FleetClient.join('other')
    lost.close()
    await vi.waitFor(async () => expect(await connectorNames()).toEqual(['other']))
    await runDurableObjectAlarm(fleet())
    expect(other.told).toEqual([])
    await passSeconds(3)
    await other.runs(ref.idObject)
  })

  it('moves nothing when the connector comes back in time', async () => {
    const first = await FleetClient.join('a')
    const { ref } = await makeSession()
    await first.runs(ref.idObject)
    const other = await FleetClient.join('other')
    first.close()
    const again = await FleetClient.join('a', { running: [ref.idObject] })
    await passSeconds(3)
    expect(again.frames.filter(({ type }) => type !== 'welcome')).toEqual([])
    expect(other.told).toEqual([])
  })

  it('shows a session as not run whose connector is silent, while nobody else can run it', async () => {
    const silent = await FleetClient.join('silent')
    const { ref, stub } = await makeSession()
    await silent.runs(ref.idObject)
    const link = await LinkClient.attach(stub, { idConnector: 'silent' })
    await link.report({ report: 'connected', number: ownNumber })
    expect(await stub.describe()).toMatchObject({ session: { state: 'connected', idConnector: 'silent' } })
    await passSeconds(15)
    expect(await connectorNames()).toEqual([])
    await vi.waitFor(async () =>
      expect(await stub.describe()).toMatchObject({ session: { state: 'reconnecting', idConnector: null } }),
    )
    const { epoch } = link
    const back = await LinkClient.attach(stub, { idConnector: 'silent', resumeEpoch: epoch })
    expect(back.epoch).toBe(epoch)
    expect(await stub.describe()).toMatchObject({ session: { state: 'connected', idConnector: 'silent' } })
  })

  it('moves the sessions of a connector that is silent, within 12 s', async () => {
    const frozen = await FleetClient.join('frozen')
    const { ref } = await makeSession()
    await frozen.runs(ref.idObject)
    const other = await FleetClient.join('other')
    await passSeconds(11, other)
    await other.runs(ref.idObject)
    expect(await connectorNames()).toEqual(['other'])
  })

  it('tells a connector that wakes up to release what runs elsewhere', async () => {
    const frozen = await FleetClient.join('frozen')
    const { ref } = await makeSession()
    await frozen.runs(ref.idObject)
    frozen.close()
    const other = await FleetClient.join('other')
    await passSeconds(3)
    await other.runs(ref.idObject)
    const woken = await FleetClient.join('frozen', { running: [ref.idObject] })
    await woken.until(() => woken.released.includes(ref.idObject))
  })

  it('hands the sessions of a draining connector over when their links close', async () => {
    const draining = await FleetClient.join('draining')
    const { ref, stub } = await makeSession()
    await draining.runs(ref.idObject)
    const link = await LinkClient.attach(stub, { idConnector: 'draining' })
    const other = await FleetClient.join('other')
    draining.send({ type: 'draining' })
    await draining.until(() => draining.released.includes(ref.idObject))
    expect(other.told).toEqual([])
    link.close(1000)
    await other.runs(ref.idObject)
    expect((await fleet().listConnectors()).connectors).toContainEqual(
      expect.objectContaining({ idConnector: 'draining', status: 'draining', sessions: 0 }),
    )
  })

  it('moves a session that its connector never links', async () => {
    const lazy = await FleetClient.join('lazy')
    const { ref, stub } = await makeSession()
    await lazy.runs(ref.idObject)
    const other = await FleetClient.join('other')
    for (let turn = 0; turn < 4; turn++) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 })
      lazy.send({ type: 'beat' })
      other.send({ type: 'beat' })
      await runDurableObjectAlarm(stub)
    }
    await other.runs(ref.idObject)
    await lazy.until(() => lazy.released.includes(ref.idObject))
  })
})

describe('rebalancing', () => {
  it('moves connected sessions to a connector that joins, no more than evens out', async () => {
    const first = await FleetClient.join('first')
    const sessions = [
      await makeConnected({ idConnector: 'first' }),
      await makeConnected({ idConnector: 'first' }),
    ]
    await first.until(() => first.told.length === 2)
    const second = await FleetClient.join('second')
    await passSeconds(4)
    await first.until(() => first.released.length === 1)
    expect(second.told).toEqual([])
    const [moved] = first.released
    sessions.find(({ ref }) => ref.idObject === moved)!.link.close(1000)
    await second.runs(moved!)
    await passSeconds(2)
    expect(first.released).toEqual([moved])
    expect((await fleet().listConnectors()).connectors.map(({ sessions: count }) => count)).toEqual([1, 1])
  })

  it('leaves a session alone whose QR is being scanned', async () => {
    const first = await FleetClient.join('first')
    const waiting = await makeSession()
    const link = await LinkClient.attach(waiting.stub, { idConnector: 'first' })
    await link.report({ report: 'qr', qr: 'a code', expiresAt: Date.now() + 60_000 })
    const connected = await makeConnected({ idConnector: 'first' })
    await FleetClient.join('second')
    await passSeconds(4)
    await first.until(() => first.released.length > 0)
    expect(first.released).toEqual([connected.ref.idObject])
  })
})

describe('restart', () => {
  it('leaves sessions where connectors say that they run', async () => {
    const before = await FleetClient.join('a')
    const { ref } = await makeSession()
    await before.runs(ref.idObject)
    await abortAllDurableObjects()
    const other = await FleetClient.join('other')
    const again = await FleetClient.join('a', { running: [ref.idObject] })
    await passSeconds(9)
    expect(other.told).toEqual([])
    expect(again.told).toEqual([])
    expect(await fleet().listConnectors()).toMatchObject({ waitingSessions: 0 })
  })

  it('moves the sessions of a connector that does not come back', async () => {
    const before = await FleetClient.join('a')
    const { ref } = await makeSession()
    await before.runs(ref.idObject)
    await abortAllDurableObjects()
    const other = await FleetClient.join('other')
    expect(other.told).toEqual([])
    await passSeconds(9, other)
    await other.runs(ref.idObject)
  })

  it('keeps its connectors over an eviction', async () => {
    const connector = await FleetClient.join('a')
    await evictDurableObject(fleet())
    const { ref } = await makeSession()
    await connector.runs(ref.idObject)
  })
})

describe('tenants', () => {
  it('are listed in pages, oldest first', async () => {
    const ids = [await makeTenant(), await makeTenant(), await makeTenant()].map(({ idTenant }) => idTenant)
    const first = await fleet().listTenants({ limit: 2 })
    expect(first.tenants.map(({ idTenant }) => idTenant)).toEqual(ids.slice(0, 2))
    const second = await fleet().listTenants({ limit: 2, cursor: first.cursor })
    expect(second).toMatchObject({ tenants: [{ idTenant: ids[2] }], cursor: null })
  })

  it('are gone after their deletion, with their sessions', async () => {
    const { idTenant, ref, stub } = await makeSession()
    const connector = await FleetClient.join('a')
    await connector.runs(ref.idObject)
    expect(await fleet().deleteTenant(idTenant)).toEqual({ ok: true })
    expect(await fleet().getTenant(idTenant)).toMatchObject({ ok: false, code: 'tenantNotFound' })
    expect(await stub.describe()).toMatchObject({ ok: false, code: 'sessionNotFound' })
    await connector.until(() => connector.released.includes(ref.idObject))
    expect(await runDurableObjectAlarm(stub)).toBe(false)
    expect(await runDurableObjectAlarm(env.TENANT.getByName(idTenant))).toBe(false)
  })

  it('cannot be deleted twice', async () => {
    const { idTenant } = await makeTenant()
    await fleet().deleteTenant(idTenant)
    expect(await fleet().deleteTenant(idTenant)).toMatchObject({ ok: false, code: 'tenantNotFound' })
  })
})
