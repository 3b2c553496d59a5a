import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startStage, type Stage } from '../support/stage.ts'
import type { Phone } from '../whatsapp/phone.ts'

let stage: Stage
let phone: Phone

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  phone = stage.whatsapp.createPhone({ number: '34911000009', name: 'The Shop' })
})
afterAll(() => stage.close())

it('links a session by a code that is typed on the phone', async () => {
  await stage.api.post('/v1/sessions', { idSession: 'support', pacing: null })
  const pairingCode = await vi.waitFor(
    () =>
      stage.api.post<{ pairingCode: string; expiresAt: string }>('/v1/sessions/support/pairing-code', {
        phoneNumber: '+34 911 000 009',
      }),
    { timeout: 20_000, interval: 500 },
  )
  await phone.enterPairingCode(pairingCode.pairingCode)
  const { event } = await stage.receiver.waitFor((e) => e['action'] === 'connected', 'connected')
  expect(event['number']).toBe(phone.pnJid)
  await phone.waitUntilConnected()
})
