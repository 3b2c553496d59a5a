import { expect, it } from 'vitest'
import { linkClose } from '../../schema/link.ts'
import { useStage } from './harness.ts'

const stage = useStage()

it('connects again without a QR in a connector that knows nothing', async () => {
  const first = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await first.stop()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'sent meanwhile' })
  const qrs = session.reportsOf('qr').length
  stage.startConnector()
  const event = await session.wait(({ events }) => events[0])
  expect(event['value']).toBe('sent meanwhile')
  expect(session.reportsOf('qr')).toHaveLength(qrs)
  expect(session.reportsOf('connected')).toHaveLength(2)
})

it('drops WhatsApp at once and stays away when another connector takes the session', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.supersede()
  await expect.poll(() => phone.isConnected).toBe(false)
  await expect.poll(() => connector.fleet.running).toEqual([])
  expect(session.reportsOf('stopped')).toEqual([])
})

it('goes on under the same epoch after a broken link', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const { epoch } = session
  session.cut()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'over the new socket' })
  await session.wait(({ events }) => events[0])
  expect(session.epoch).toBe(epoch)
  expect(phone.isConnected).toBe(true)
})

it('comes back as a new owner after a gap', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.last -= 1
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'hello' })
  await session.wait(({ epoch }) => epoch > 1)
  await session.wait(({ events }) => events.some((event) => event['value'] === 'hello'))
})

it('leaves without a report when the Session releases it', async () => {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.close(linkClose.released)
  await expect.poll(() => phone.isConnected).toBe(false)
  await expect.poll(() => connector.fleet.running).toEqual([])
  expect(session.reportsOf('stopped')).toEqual([])
})

it('hands its sessions back when it is told to stop', async () => {
  const connector = stage.startConnector()
  const { phone } = await stage.linkSession()
  await connector.stop()
  await expect.poll(() => stage.worker.fleetFrames.at(-1)).toEqual({ type: 'draining' })
  await expect.poll(() => phone.isConnected).toBe(false)
})

it('comes back soon when a Worker that answered with an HTTP error answers again', async () => {
  const { worker } = stage
  worker.refusal = 503
  stage.startConnector()
  const session = worker.createSession()
  await expect.poll(() => worker.refused, { timeout: 5000 }).toBeGreaterThan(3)
  worker.refusal = undefined
  await session.wait((seen) => seen.reportsOf('qr')[0], 5000)
})

it('lets a session go at once that the Worker does not know', async () => {
  const connector = stage.startConnector()
  const { session } = await stage.linkSession()
  stage.worker.sessions.delete(session.ref.idObject)
  session.cut()
  await expect.poll(() => connector.fleet.running, { timeout: 3000 }).toEqual([])
})
