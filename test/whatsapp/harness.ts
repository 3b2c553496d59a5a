import './quiet.ts'
import { afterEach, beforeEach, expect } from 'vitest'
import { BaileysClient, newClientState } from './baileys-client.ts'
import { startWhatsApp, type WhatsApp } from './whatsapp.ts'

/** Gives each test of a file a fresh WhatsApp, and fails the test that made it see a stanza it does not know. */
export function useWhatsApp() {
  const clients: BaileysClient[] = []
  const running = {} as { whatsapp: WhatsApp }

  beforeEach(async () => {
    running.whatsapp = await startWhatsApp()
  })

  afterEach(async () => {
    for (const client of clients.splice(0)) client.end()
    await running.whatsapp.close()
    expect(running.whatsapp.unknownStanzas).toEqual([])
  })

  return {
    get whatsapp() {
      return running.whatsapp
    },
    keep(client: BaileysClient) {
      clients.push(client)
      return client
    },
    /** A phone and a client linked to it. */
    async linked(number = '34911000001') {
      const phone = running.whatsapp.createPhone({ number, name: 'The Shop' })
      const state = newClientState()
      const client = await BaileysClient.link(running.whatsapp, state, (qr) => phone.scan(qr))
      clients.push(client)
      await phone.waitUntilConnected()
      return { phone, state, client }
    },
  }
}
