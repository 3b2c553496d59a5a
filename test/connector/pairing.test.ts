import { expect, it } from 'vitest'
import type { FakeSession } from '../support/fake-session.ts'
import { useStage } from './harness.ts'

const stage = useStage()
const phoneNumber = '34911000001'

async function askForCode(session: FakeSession, idCommand: string, number = phoneNumber) {
  session.command(idCommand, { kind: 'pairingCode', phoneNumber: number })
  return session.wait((seen) => seen.reportsOf('command').find((report) => report.idCommand === idCommand))
}

async function showQr() {
  stage.startConnector()
  const session = stage.worker.createSession()
  await session.wait((seen) => seen.reportsOf('qr')[0])
  const phone = stage.whatsapp.createPhone({ number: phoneNumber, name: 'The Shop' })
  return { session, phone }
}

it('links the account whose phone types the code', async () => {
  const { session, phone } = await showQr()
  const { outcome, result } = await askForCode(session, 'c1')
  expect(outcome).toBe('done')
  expect(result!['expiresAt']).toBeGreaterThan(Date.now() + 100_000)
  await phone.enterPairingCode(result!['pairingCode'] as string)
  const connected = await session.wait((seen) => seen.reportsOf('connected')[0])
  expect(connected.number).toBe(phone.pnJid)
  expect(session.reportsOf('reconnecting')).toEqual([])
})

it('gives a new code, and a QR that can be scanned, at each request', async () => {
  const { session, phone } = await showQr()
  const first = await askForCode(session, 'c1')
  const second = await askForCode(session, 'c2')
  const [one, two] = [first, second].map(({ result }) => result!['pairingCode'] as string)
  expect(two).not.toBe(one)
  await phone.scan(session.reportsOf('qr').at(-1)!.qr)
  await session.wait((seen) => seen.reportsOf('connected')[0])
})

it('goes back to a QR, and takes another code, when the connection is lost before the code was typed', async () => {
  const { session, phone } = await showQr()
  await askForCode(session, 'c1')
  const qrs = session.reportsOf('qr').length
  for (const { connection } of stage.whatsapp.world.registrations) connection.drop()
  await session.wait((seen) => seen.reportsOf('qr').length > qrs)
  expect(session.reports.map(({ report }) => report)).not.toContain('reconnecting')
  const { result } = await askForCode(session, 'c2')
  await phone.enterPairingCode(result!['pairingCode'] as string)
  await session.wait((seen) => seen.reportsOf('connected')[0])
})

it.each([
  ['400', 'numberRefused'],
  ['429', 'rateLimited'],
  ['503', 'notAnswered'],
])('tells why WhatsApp gives no code: %s is %s', async (code, errorCode) => {
  const { session } = await showQr()
  stage.whatsapp.world.pairingCodeRefusal = code
  expect(await askForCode(session, 'c1')).toMatchObject({ outcome: 'failed', errorCode })
})

it('refuses when the account is linked', async () => {
  stage.startConnector()
  const { session } = await stage.linkSession()
  expect(await askForCode(session, 'c1')).toMatchObject({ outcome: 'failed', errorCode: 'alreadyLinked' })
  expect(session.reportsOf('connected')).toHaveLength(1)
})
