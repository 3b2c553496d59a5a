import { afterEach, beforeEach, expect, it } from 'vitest'
import { BaileysClient, newClientState } from './baileys-client.ts'
import { startWhatsApp, type WhatsApp } from './whatsapp.ts'

let whatsapp: WhatsApp
const clients: BaileysClient[] = []

beforeEach(async () => {
  whatsapp = await startWhatsApp()
})

afterEach(async () => {
  expect(whatsapp.unknownStanzas).toEqual([])
  for (const client of clients.splice(0)) client.end()
  await whatsapp.close()
})

async function linked(number = '34911000001') {
  const phone = whatsapp.createPhone({ number, name: 'The Shop' })
  const state = newClientState()
  const client = await BaileysClient.link(whatsapp, state, (qr) => phone.scan(qr))
  clients.push(client)
  return { phone, state, client }
}

it('links a client by QR, logs it in and answers all it asks', async () => {
  const { phone, client, state } = await linked()
  expect(client.isOpen).toBe(true)
  expect(state.creds.me?.id).toBe('34911000001:1@s.whatsapp.net')
  await phone.waitUntilConnected()
  expect(phone.companion?.preKeyCount).toBeGreaterThan(100)
})

it('delivers a text from a contact and takes an answer that the contact can read', async () => {
  const { phone, client } = await linked()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const sent = await ana.send(phone, { text: 'Hello' })
  const message = await client.message(({ key }) => key.id === sent.id)
  expect(message.message?.conversation).toBe('Hello')
  expect(message.pushName).toBe('Ana')
  expect(message.key.remoteJidAlt).toBe('34600111222@s.whatsapp.net')
  await expect.poll(() => phone.pending).toEqual([])

  await client.socket.sendMessage('34600111222@s.whatsapp.net', { text: 'Hi Ana' })
  const answer = await ana.waitForMessage(
    ({ message }) => !!message.extendedTextMessage || !!message.conversation,
  )
  expect(answer.message.extendedTextMessage?.text ?? answer.message.conversation).toBe('Hi Ana')
})

it('logs a client in again with the credentials it saved, and not with others', async () => {
  const { phone, client, state } = await linked()
  client.end()
  await client.closed
  const again = new BaileysClient(whatsapp, state)
  clients.push(again)
  await again.until(() => again.isOpen)
  await phone.waitUntilConnected()

  const impostor = new BaileysClient(whatsapp, {
    ...newClientState(),
    creds: { ...newClientState().creds, me: state.creds.me! },
  })
  expect(await impostor.closed).toBe(401)
})
