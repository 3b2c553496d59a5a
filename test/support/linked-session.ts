import type { Phone } from '../whatsapp/phone.ts'
import type { Stage } from './stage.ts'

let nextNumber = 34_911_000_001

/** Creates a session that sends at any pace and scans its QR with a phone of its own; resolves when WhatsApp sees it connected. */
export async function linkSession(
  stage: Stage,
  idSession: string,
  settings: Record<string, unknown> = {},
): Promise<Phone> {
  const phone = stage.whatsapp.createPhone({ number: String(nextNumber++), name: 'The Shop' })
  await stage.api.post('/v1/sessions', { idSession, pacing: null, ...settings })
  const { event } = await stage.receiver.waitFor(
    (e) => e.idSession === idSession && e['action'] === 'newQR',
    `the QR of ${idSession}`,
  )
  await phone.scan(event['qr'] as string)
  await stage.receiver.waitFor(
    (e) => e.idSession === idSession && e['action'] === 'connected',
    `${idSession} connected`,
  )
  await phone.waitUntilConnected()
  return phone
}
