import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Phone } from '../whatsapp/phone.ts'

let stage: Stage
let phone: Phone

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  phone = await linkSession(stage, 'support')
})

afterAll(async () => {
  await stage?.close()
})

const contact = (jid: string) => stage.api.get(`/v1/sessions/support/contacts/${jid}`)

it('announces the number of somebody who wrote under a LID, and finds them by both addresses', async () => {
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana García', hidesNumber: true })
  ana.pictureUrl = 'https://pps.whatsapp.net/ana.jpg'
  await ana.send(phone, { text: 'who am I?' })
  const { event } = await stage.receiver.waitFor((e) => e['value'] === 'who am I?', 'the text')
  expect(event['senderNumber']).toBe(ana.lidJid)
  expect(await contact(ana.lidJid)).toMatchObject({ jid: ana.lidJid, number: null, name: 'Ana García' })
  ana.hidesNumber = false
  await ana.send(phone, { text: 'this is my number' })
  await stage.receiver.waitFor((e) => e['value'] === 'this is my number', 'the second text')
  const told = await stage.receiver.waitFor((e) => e.messageType === 'identityUpdate', 'the identity')
  expect(told.event).toMatchObject({ lid: ana.lidJid, senderNumber: ana.pnJid })
  await ana.send(phone, { text: 'again' })
  await stage.receiver.waitFor((e) => e['value'] === 'again', 'the third text')
  const events = stage.receiver.events().filter((e) => e.messageType === 'identityUpdate')
  expect(new Set(events.map(({ idEvent }) => idEvent)).size).toBe(1)
  const expected = { jid: ana.pnJid, number: ana.pnJid, lid: ana.lidJid, name: 'Ana García' }
  for (const address of [ana.lidJid, ana.pnJid!]) {
    expect(await contact(address)).toMatchObject({ ...expected, pictureUrl: ana.pictureUrl })
  }
  const page = await stage.api.get<{ contacts: unknown[] }>('/v1/sessions/support/contacts')
  expect(page.contacts).toEqual([{ ...expected, savedName: null }])
})

it('tells when somebody is online or types, once that was asked for', async () => {
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva' })
  await eva.send(phone, { text: 'hello' })
  await stage.receiver.waitFor((e) => e['value'] === 'hello', 'the text')
  await stage.api.post('/v1/sessions/support/presence/subscribe', { to: eva.pnJid })
  await vi.waitFor(() => expect(phone.companion!.watches(eva)).toBe(true))
  eva.sendPresence(phone, 'composing')
  const { event } = await stage.receiver.waitFor((e) => e.messageType === 'presenceUpdate', 'the presence')
  expect(event).toMatchObject({ senderNumber: eva.pnJid, presence: 'composing' })
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
