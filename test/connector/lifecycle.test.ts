import { expect, it } from 'vitest'
import { useStage } from './harness.ts'
import { generateServerKeys } from '../whatsapp/noise.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { startWhatsApp } from '../whatsapp/whatsapp.ts'

const stage = useStage()

it('shows a new QR when the connection is lost before anybody scanned', async () => {
  stage.startConnector()
  const session = stage.worker.createSession()
  const first = await session.wait((seen) => seen.reportsOf('qr')[0])
  for (const { connection } of stage.whatsapp.world.registrations) connection.drop()
  const second = await session.wait((seen) => seen.reportsOf('qr')[1])
  expect(second.qr).not.toBe(first.qr)
  expect(second.expiresAt).toBeGreaterThan(Date.now())
})

it('is logged out when the phone removes the device, and forgets the account', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  phone.unlink()
  const report = await session.wait((seen) => seen.reportsOf('loggedOut')[0])
  expect(report).toMatchObject({ reason: 'loggedOutByPhone' })
  await expect.poll(() => connector.fleet.running).toEqual([])
})

it('can be linked anew after it was logged out', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  phone.unlink()
  await session.wait((seen) => seen.reportsOf('loggedOut')[0])
  stage.worker.run(session)
  const { qr } = await session.wait((seen) => seen.reportsOf('qr')[1])
  await phone.scan(qr)
  await session.wait((seen) => seen.reportsOf('connected')[1])
})

it('stops when it is asked to, and stays linked', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.desire('stop')
  const report = await session.wait((seen) => seen.reportsOf('stopped')[0])
  expect(report).toMatchObject({ reason: 'requested' })
  await expect.poll(() => connector.fleet.running).toEqual([])
  expect(phone.companions.size).toBe(1)
  stage.worker.run(session)
  await session.wait((seen) => seen.reportsOf('connected')[1])
})

it('removes the device from the phone when it is asked to log out', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.desire('logout')
  const report = await session.wait((seen) => seen.reportsOf('loggedOut')[0])
  expect(report).toMatchObject({ reason: 'requested' })
  await expect.poll(() => phone.companions.size).toBe(0)
  await expect.poll(() => connector.fleet.running).toEqual([])
})

it('tells the name of the account as soon as the phone has told it', async () => {
  stage.startConnector()
  const { session } = await stage.linkSession()
  const { accountName } = await session.wait((seen) => seen.reportsOf('accountName')[0])
  expect(accountName).toBe('The Shop')
})

it('tells that it reconnects and that it is back after WhatsApp dropped it', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  phone.dropConnection()
  await session.wait((seen) => seen.reportsOf('connected')[1])
  const told = session.reports
    .map(({ report }) => report)
    .filter((report) => report !== 'contacts' && report !== 'accountName')
  expect(told).toEqual(['qr', 'connected', 'reconnecting', 'connected'])
})

it('stops with the reason when WhatsApp refuses the account', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  phone.loginFailure = '403'
  phone.dropConnection()
  const report = await session.wait((seen) => seen.reportsOf('stopped')[0])
  expect(report).toMatchObject({ reason: 'banned' })
})

function replaceConnection(phone: Phone): void {
  phone.companion!.connection!.endWithStreamError('440', [{ tag: 'conflict', attrs: { type: 'replaced' } }])
}

it('connects again when a connector that was late replaced it for a moment', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  replaceConnection(phone)
  await session.wait((seen) => seen.reportsOf('reconnecting')[0])
  await session.wait((seen) => seen.reportsOf('connected').length === 2)
  expect(session.reportsOf('stopped')).toEqual([])
})

it('stops as replaced, and does not fight for ever, when somebody else keeps the same device connected', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  for (let times = 1; times <= 4; times++) {
    await session.wait((seen) => seen.reportsOf('connected').length === times)
    await phone.waitUntilConnected()
    replaceConnection(phone)
  }
  const report = await session.wait((seen) => seen.reportsOf('stopped')[0])
  expect(report).toMatchObject({ reason: 'replaced' })
  expect(phone.isConnected).toBe(false)
})

it('does not log in at an impostor of WhatsApp’s server', async () => {
  const impostor = Buffer.from(generateServerKeys().root.public)
  stage.startConnector({ whatsApp: { url: stage.whatsapp.url, rootKey: impostor } })
  const session = stage.worker.createSession()
  await expect(session.wait((seen) => seen.reportsOf('qr')[0], 2000)).rejects.toThrow('not seen')
  expect(stage.whatsapp.world.registrations.size).toBe(0)
})

it('does not log in at an impostor who shows WhatsApp’s own certificates without having their key', async () => {
  const impostor = await startWhatsApp({ isImpostor: true })
  const { url, rootKey, world } = impostor
  stage.startConnector({ whatsApp: { url, rootKey: Buffer.from(rootKey, 'hex') } })
  const session = stage.worker.createSession()
  await expect.poll(() => world.attempts, { timeout: 5000 }).toBeGreaterThan(1)
  await impostor.close()
  expect(session.reports).toEqual([])
})

it('runs several sessions, none of which disturbs the others', async () => {
  stage.startConnector()
  const [one, two] = [await stage.linkSession('34911000001'), await stage.linkSession('34911000002')]
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  one.phone.unlink()
  one.session.faults.isFrozen = true
  await ana.send(two.phone, { text: 'for two' })
  const event = await two.session.wait(({ events }) => events[0])
  expect(event['value']).toBe('for two')
})
