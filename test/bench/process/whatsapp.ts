import '../../../connector/libsignal.ts'
import { startWhatsApp, type WhatsApp } from '../../whatsapp/whatsapp.ts'
import type { Contact } from '../../whatsapp/contact.ts'
import type { Group } from '../../whatsapp/group.ts'
import type { Phone } from '../../whatsapp/phone.ts'
import { nowMicroseconds } from '../event.ts'
import type { Burst, Stream } from '../simulator.ts'
import { serve } from './serve.ts'

let whatsapp: WhatsApp
const phones = new Map<string, Phone>()
const groups = new Map<string, Group>()
const contacts: Contact[] = []

const text = 'The quick brown fox jumps over the lazy dog, then writes home about it.'
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Encrypts all beforehand, so that what is measured is the client; tells when the first byte of it left. */
async function burst({ number, to, way, count }: Burst): Promise<{ ids: string[]; startedAt: number }> {
  const phone = phones.get(number)!
  const target = to === 'group' ? groups.get(number)! : phone
  const ids: string[] = []
  phone.hold()
  while (ids.length < count)
    ids.push(
      (await contacts[ids.length % contacts.length]!.send(target, { text: `${ids.length} ${text}` })).id,
    )
  if (way === 'live') {
    const startedAt = nowMicroseconds()
    phone.release()
    return { ids, startedAt }
  }
  const companion = phone.companion!
  const sendBacklog = companion.sendBacklog.bind(companion)
  const started = new Promise<number>((resolve) => {
    companion.sendBacklog = () => {
      companion.sendBacklog = sendBacklog
      resolve(nowMicroseconds())
      sendBacklog()
    }
  })
  phone.dropConnection()
  return { ids, startedAt: await started }
}

/** Sends evenly; each text carries the moment in microseconds at which it was given to WhatsApp. */
async function stream({ number, ratePerSecond, count }: Stream): Promise<string[]> {
  const ids: string[] = []
  const startedAt = performance.now()
  while (ids.length < count) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond) + 1
    while (ids.length < Math.min(due, count)) {
      const contact = contacts[ids.length % contacts.length]!
      ids.push((await contact.send(phones.get(number)!, { text: `T${nowMicroseconds()} ${text}` })).id)
    }
    await pause(1)
  }
  return ids
}

/** Breaks the connections of all clients; resolves with the milliseconds until the last was back. */
async function dropAll(): Promise<number> {
  const startedAt = performance.now()
  for (const phone of phones.values()) phone.dropConnection()
  await waitUntilAllConnected()
  return performance.now() - startedAt
}

async function waitUntilAllConnected(timeoutMs = 60_000): Promise<void> {
  await Promise.all([...phones.values()].map((phone) => phone.waitUntilConnected(timeoutMs)))
}

serve({
  async start(dataDirectory: string, contactCount: number) {
    whatsapp = await startWhatsApp({ dataDirectory })
    for (let index = 0; index < contactCount; index++)
      contacts.push(whatsapp.createContact({ number: `${34_600_000_000 + index}`, name: `Contact ${index}` }))
    return { url: whatsapp.url, rootKey: whatsapp.rootKey, caFile: whatsapp.caFile }
  },
  addPhone(number: string) {
    const phone = whatsapp.createPhone({ number, name: 'The Shop' })
    phones.set(number, phone)
    groups.set(number, whatsapp.createGroup({ subject: 'Friends', members: [...contacts, phone] }))
  },
  scan: (number: string, qr: string) => phones.get(number)!.scan(qr),
  waitUntilConnected: (number: string) => phones.get(number)!.waitUntilConnected(60_000),
  pending: (number: string) => phones.get(number)!.pending.length,
  burst,
  stream,
  dropAll,
  waitUntilAllConnected,
})
