import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { linkClose } from '../../../schema/link.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeConnected, makeSession, ownNumber, query, readActions, readEvents } from '../support/objects.ts'

const why = { reason: 'connectionLost', reasonText: 'lost' } as const

afterEach(() => {
  vi.useRealTimers()
})

function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

async function leave(link: LinkClient, stub: Awaited<ReturnType<typeof makeSession>>['stub']): Promise<void> {
  link.close()
  await vi.waitFor(async () =>
    expect(await stub.describe()).toMatchObject({ session: { idConnector: null } }),
  )
}

describe('lifecycle', () => {
  it('shows the name of the account as it is told, also later, and forgets it when unlinked', async () => {
    const { stub, link } = await makeConnected()
    const name = async () => (await stub.describe()) as { session: { accountName: string | null } }
    expect((await name()).session.accountName).toBeNull()
    await link.report({ report: 'accountName', accountName: 'Acme' })
    expect((await name()).session.accountName).toBe('Acme')
    await link.report({ report: 'loggedOut', reason: 'loggedOutByPhone', reasonText: '' })
    expect((await name()).session.accountName).toBeNull()
  })

  it('tells the whole life of a session, each action once', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.report({ report: 'qr', qr: 'first', expiresAt: 1_900_000_000_000 })
    await link.report({ report: 'qr', qr: 'second', expiresAt: 1_900_000_020_000 })
    await link.report({ report: 'reconnecting', reason: 'serverRestart', reasonText: '' })
    await link.report({ report: 'connected', number: ownNumber })
    await link.report({ report: 'connected', number: ownNumber })
    await link.report({ report: 'loggedOut', reason: 'loggedOutByPhone', reasonText: '' })
    expect(await readActions(stub)).toEqual(['started', 'newQR', 'newQR', 'connected', 'loggedOut'])
    const events = await readEvents(stub)
    expect(events.find(({ action }) => action === 'newQR')).toMatchObject({
      qr: 'first',
      qrExpiresAt: 1_900_000_000,
    })
    expect(events.find(({ action }) => action === 'connected')).toMatchObject({ number: ownNumber })
    expect(events.find(({ action }) => action === 'loggedOut')).toMatchObject({
      reason: 'loggedOutByPhone',
      reasonText: expect.stringContaining('linked devices'),
    })
  })

  it('tells connectionUpdate once for each change of state', async () => {
    const { stub, link } = await makeConnected()
    await link.report({ report: 'reconnecting', ...why })
    await link.report({ report: 'reconnecting', ...why })
    await link.report({ report: 'connected', number: ownNumber })
    const changes = (await readEvents(stub)).filter(({ messageType }) => messageType === 'connectionUpdate')
    expect(changes.map(({ state, reason }) => [state, reason])).toEqual([
      ['starting', undefined],
      ['connected', undefined],
      ['reconnecting', why.reason],
      ['connected', undefined],
    ])
    expect(changes[2]?.['reasonText']).toEqual(expect.any(String))
    expect(await readActions(stub)).toEqual(['started', 'connected', 'connected'])
  })

  it('gives no reason for starting, and one for stopping', async () => {
    const { stub } = await makeSession()
    expect(await stub.describe()).toMatchObject({ session: { state: 'starting', reason: null } })
    await stub.stop()
    expect(await stub.describe()).toMatchObject({ session: { state: 'stopped', reason: 'requested' } })
    expect(await stub.start()).toMatchObject({
      session: { state: 'starting', reason: null, reasonText: null },
    })
  })

  it('shows the QR while it can be scanned', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const expiresAt = Date.now() + 20_000
    await link.report({ report: 'qr', qr: 'scan me', expiresAt })
    expect(await stub.qr()).toEqual({ ok: true, qr: 'scan me', expiresAt })
    passSeconds(30)
    expect(await stub.qr()).toMatchObject({ ok: false, code: 'noQr' })
  })

  it('shows no QR any more when the connector that waits for it to be scanned is gone', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.report({ report: 'qr', qr: 'scan me', expiresAt: Date.now() + 20_000 })
    expect(await stub.describe()).toMatchObject({ session: { state: 'qr' } })
    await leave(link, stub)
    expect(await stub.describe()).toMatchObject({ session: { state: 'starting' } })
    expect(await stub.qr()).toMatchObject({ ok: false, code: 'noQr' })
  })

  it('asks the connector to stop, and tells stopped when it has', async () => {
    const { stub, link } = await makeConnected()
    await stub.stop()
    expect(await link.next('desire')).toMatchObject({ desire: 'stop' })
    expect(await readActions(stub)).toEqual(['started', 'connected'])
    await link.report({ report: 'stopped', reason: 'requested', reasonText: '' })
    expect(await readActions(stub)).toEqual(['started', 'connected', 'stopped'])
    expect(await link.closedWith()).toBe(linkClose.released)
  })

  it('stops at once when no connector is linked', async () => {
    const { stub } = await makeSession()
    expect(await stub.stop()).toMatchObject({ session: { state: 'stopped', reason: 'requested' } })
    expect(await readActions(stub)).toEqual(['started', 'stopped'])
  })

  it('takes a stop for done when the connector does not report it, and fences that connector', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await stub.stop()
    passSeconds(20)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started', 'stopped'])
    expect(await link.closedWith()).toBe(linkClose.released)
  })

  it('lets a logout wait for a connector that can tell WhatsApp, and gives it its time', async () => {
    const { stub } = await makeSession()
    const first = await LinkClient.attach(stub)
    await first.commit({ keys: [{ type: 'creds', id: '', value: 'QUJD' }] })
    await first.report({ report: 'connected', number: ownNumber })
    await stub.logout()
    await leave(first, stub)
    passSeconds(120)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started', 'connected'])
    const second = await LinkClient.attach(stub, { idConnector: 'second' })
    expect(await second.next('desire')).toMatchObject({ desire: 'logout' })
    passSeconds(10)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started', 'connected'])
    passSeconds(10)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started', 'connected', 'loggedOut'])
  })

  it('forgets the account all the same when no connector comes for ten minutes', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.commit({ keys: [{ type: 'creds', id: '', value: 'QUJD' }] })
    await leave(link, stub)
    await stub.logout()
    passSeconds(590)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started'])
    passSeconds(20)
    await runDurableObjectAlarm(stub)
    expect(await readActions(stub)).toEqual(['started', 'loggedOut'])
  })

  it('starts again after a stop that was still under way', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await stub.stop()
    await stub.start()
    await link.report({ report: 'stopped', reason: 'requested', reasonText: '' })
    expect(await readActions(stub)).toEqual(['started', 'stopped', 'started'])
    expect(await stub.describe()).toMatchObject({ session: { state: 'starting' } })
  })

  it('changes nothing when started twice', async () => {
    const { stub } = await makeSession()
    await stub.start()
    expect(await readActions(stub)).toEqual(['started'])
  })

  it('forgets the keys at logout', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.commit({ keys: [{ type: 'creds', id: '', value: 'QUJD' }] })
    await link.report({ report: 'connected', number: ownNumber })
    await stub.logout()
    expect(await link.next('desire')).toMatchObject({ desire: 'logout' })
    await link.commit({
      keys: [{ type: 'creds', id: '', value: 'QUJD' }],
      reports: [{ report: 'loggedOut', reason: 'requested', reasonText: '' }],
    })
    expect(await query(stub, 'SELECT * FROM keys')).toEqual([])
    expect(await stub.describe()).toMatchObject({ session: { state: 'loggedOut', number: null } })
  })

  it('tells the reconnection when another connector takes a connected session over', async () => {
    const { stub } = await makeSession()
    const first = await LinkClient.attach(stub, { idConnector: 'connector-a' })
    await first.report({ report: 'connected', number: ownNumber })
    const second = await LinkClient.attach(stub, { idConnector: 'connector-b' })
    expect(await stub.describe()).toMatchObject({ session: { state: 'reconnecting' } })
    await second.report({ report: 'connected', number: ownNumber })
    expect(await readActions(stub)).toEqual(['started', 'connected', 'connected'])
  })

  it('shows a connected session without a link as reconnecting', async () => {
    const { stub, link } = await makeConnected()
    expect(await stub.describe()).toMatchObject({
      session: { state: 'connected', idConnector: 'connector-a' },
    })
    link.close()
    await vi.waitFor(async () =>
      expect(await stub.describe()).toMatchObject({ session: { state: 'reconnecting', idConnector: null } }),
    )
  })
})

describe('destroy', () => {
  it('logs out, tells destroyed last, and erases everything', async () => {
    const { stub, tenant, ref } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.commit({
      keys: [{ type: 'creds', id: '', value: 'QUJD' }],
      reports: [{ report: 'connected', number: ownNumber }],
    })
    await tenant.deleteSession(ref.idSession)
    expect(await link.next('desire')).toMatchObject({ desire: 'logout' })
    await link.report({ report: 'loggedOut', reason: 'requested', reasonText: '' })
    expect(await readActions(stub)).toEqual(['started', 'connected', 'loggedOut', 'destroyed'])
    expect(await stub.describe()).toMatchObject({ ok: false, code: 'sessionNotFound' })
    await runDurableObjectAlarm(stub)
    expect(await readEvents(stub)).toEqual([])
    expect(await query(stub, `SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'`)).toEqual([])
    expect(await runDurableObjectAlarm(stub)).toBe(false)
  })

  it('frees the name at once: a new session of the same name is another object', async () => {
    const { tenant, ref } = await makeSession()
    await tenant.deleteSession(ref.idSession)
    expect(await tenant.findSession(ref.idSession)).toBeNull()
    const again = await tenant.createSession({ idSession: ref.idSession, start: false })
    if (!again.ok) throw new Error(again.code)
    expect(again.ref.idObject).not.toBe(ref.idObject)
  })
})
