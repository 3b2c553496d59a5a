import { expect, it } from 'vitest'
import { BaileysClient, newClientState } from './baileys-client.ts'
import { useWhatsApp } from './harness.ts'

const world = useWhatsApp()

it('links a client by QR, logs it in and answers all it asks', async () => {
  const { phone, client, state } = await world.linked()
  expect(client.isOpen).toBe(true)
  expect(state.creds.me?.id).toBe('34911000001:1@s.whatsapp.net')
  expect(phone.companion?.preKeyCount).toBeGreaterThan(100)
})

it('shows one QR after another, and any of them links until the last has expired', async () => {
  const phone = world.whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
  const client = new BaileysClient(world.whatsapp, newClientState(), { qrTimeout: 30 })
  await client.until(() => client.qrs.length >= 3)
  expect(new Set(client.qrs).size).toBe(client.qrs.length)
  expect(await client.closed).toBe(408)
  await expect(phone.scan(client.qrs[0]!)).rejects.toThrow('expired')
})

it('links a client by the pairing code it shows, and by no other', async () => {
  const phone = world.whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
  const state = newClientState()
  const first = new BaileysClient(world.whatsapp, state)
  await first.until(() => first.qrs.length > 0)
  const code = await first.socket.requestPairingCode('34911000001')
  await expect.poll(() => world.whatsapp.world.registrationFor(phone.pnJid!)).toBeDefined()
  await expect(phone.enterPairingCode('AAAAAAAA')).rejects.toThrow('another pairing code')
  await phone.enterPairingCode(code)
  expect(await first.closed).toBe(515)
  const client = world.keep(new BaileysClient(world.whatsapp, state))
  await client.until(() => client.isOpen)
  expect(state.creds.me?.id).toBe('34911000001:1@s.whatsapp.net')
})

it('answers the pings of a client that still shows a QR', async () => {
  const client = world.keep(new BaileysClient(world.whatsapp, newClientState()))
  await client.until(() => client.qrs.length > 0)
  const ping = { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' }
  const answer: unknown = await client.socket.query({
    tag: 'iq',
    attrs: ping,
    content: [{ tag: 'ping', attrs: {} }],
  })
  expect(answer).toMatchObject({ attrs: { type: 'result' } })
})

it('logs a client in again with the credentials it saved, and not with others', async () => {
  const { phone, client, state } = await world.linked()
  client.end()
  await client.closed
  const again = world.keep(new BaileysClient(world.whatsapp, state))
  await again.until(() => again.isOpen)
  await phone.waitUntilConnected()

  const creds = { ...newClientState().creds, me: state.creds.me! }
  const impostor = new BaileysClient(world.whatsapp, { ...newClientState(), creds })
  expect(await impostor.closed).toBe(401)
})

it('unlinks a client from the phone with 401', async () => {
  const { phone, client } = await world.linked()
  phone.unlink()
  expect(await client.closed).toBe(401)
})

it('replaces the older of two connections with the same credentials with 440', async () => {
  const { client, state } = await world.linked()
  const second = world.keep(new BaileysClient(world.whatsapp, state))
  expect(await client.closed).toBe(440)
  await second.until(() => second.isOpen)
})

it('refuses a login with the reason that a test has set', async () => {
  const { phone, client, state } = await world.linked()
  client.end()
  await client.closed
  phone.loginFailure = '403'
  expect(await new BaileysClient(world.whatsapp, state).closed).toBe(403)
})
