import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { pullEvents } from '../support/api.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { pastChat } from '../whatsapp/history.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { samples } from '../whatsapp/samples.ts'

const at = 1_767_225_600
let stage: Stage
let phone: Phone

beforeAll(async () => {
  stage = await startStage()
})

afterAll(async () => {
  await stage?.close()
})

it('tells the history to those who want it, and fetches a file of it when somebody asks', async () => {
  const { api, receiver, whatsapp } = stage
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const media = await whatsapp.mediaHost.store(samples.jpeg, 'image')
  phone = whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
  const picture = { imageMessage: { ...media, mimetype: 'image/jpeg', caption: 'Old' } }
  const past = [
    { id: 'PAST1', timestamp: at, message: { conversation: 'a year ago' } },
    { id: 'PAST2', timestamp: at + 60, message: picture },
  ]
  phone.history = [{ conversations: [pastChat(ana.lidJid, past, { pnJid: ana.pnJid! })] }]
  phone.keptFiles.set('PAST2', media)
  await stage.subscribe({ events: ['sessionUpdate', 'conversation'] })
  const session = await api.post('/v1/sessions', { idSession: 'support', history: true })
  expect(session).toMatchObject({ history: true, includeStatus: false })
  const { event } = await receiver.waitFor((e) => e['action'] === 'newQR', 'the QR')
  await phone.scan(event['qr'] as string)
  await phone.waitUntilConnected()
  const history = async () => (await pullEvents(api, 'support')).filter((e) => e['isHistory'] === true)
  await vi.waitFor(async () => expect(await history()).toHaveLength(2), { timeout: 10_000 })
  const [first, second] = await history()
  expect(first).toMatchObject({ senderNumber: ana.pnJid, idMessage: 'PAST1', messageTimestamp: at })
  expect(second).toMatchObject({ idMessage: 'PAST2', caption: 'Old', fileStatus: 'unavailable' })

  whatsapp.mediaHost.failures.set(media.directPath, 404)
  const path = `/v1/files/${String(second!['idFile'])}`
  expect((await api.request('GET', path)).status).toBe(404)
  await api.post(`${path}/retry`, { idSession: 'support' })
  await vi.waitFor(async () => expect((await api.request('GET', path)).status).toBe(200), { timeout: 10_000 })
  const file = await api.file(String(second!['idFile']))
  expect(file.bytes.equals(samples.jpeg)).toBe(true)

  await ana.send(phone, { text: 'today' })
  await receiver.waitFor((e) => e['value'] === 'today', 'the live text')
  expect(receiver.events().filter((e) => e['isHistory'] === true)).toEqual([])
  const idSubscription = await stage.subscribe({ includeHistory: true, description: 'all' })
  await api.post(`/v1/subscriptions/${idSubscription}/replay`, { idSession: 'support', afterSequence: 0 })
  const told = await receiver.waitFor((e) => e['idMessage'] === 'PAST1', 'the history')
  expect(told.event).toMatchObject({ isHistory: true, value: 'a year ago' })
})
