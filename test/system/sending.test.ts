import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { linkSession } from '../support/linked-session.ts'
import { outgoingCases, type OutgoingCase } from '../support/outgoing-cases.ts'
import { ScriptedEndpoints } from '../support/scripted-endpoint.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'

let stage: Stage
let phone: Phone
let ana: Contact
let group: Group

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'], includeFromMe: true })
  phone = await linkSession(stage, 'support')
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana García' })
  group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
})
afterAll(() => stage.close())

async function upload({ bytes, mimetype }: NonNullable<OutgoingCase['file']>): Promise<string> {
  const response = await stage.api.upload('/v1/files', bytes, mimetype)
  return response.idFile
}

/** Sends by the API, reads at the contact; answers the part that the case is about. */
async function expectRead(each: OutgoingCase, to: string) {
  const idFile = each.file && (await upload(each.file))
  const quoted = each.message['quoted'] as object | undefined
  const sent = await stage.api.post<{ idMessage: string; status: string }>(
    '/v1/sessions/support/messages?wait=20',
    {
      ...each.message,
      to,
      ...(idFile && { idFile }),
      ...(quoted && { quoted: { ...quoted, participant: ana.pnJid } }),
    },
  )
  expect(sent.status).not.toBe('failed')
  const { message } = await ana.waitForMessage(({ id }) => id === sent.idMessage)
  const part = each.read(message)
  expect(part).toMatchObject(each.fields)
  if (each.file) {
    const { directPath, mediaKey } = part as { directPath: string; mediaKey: Uint8Array }
    const bytes = await stage.whatsapp.world.mediaHost.open(directPath, mediaKey, each.file.kind)
    expect(bytes).toEqual(each.file.bytes)
  }
  const { event } = await stage.receiver.waitFor(
    (e) => e['idMessage'] === sent.idMessage && e.messageType !== 'messageStatus',
    `the event of ${each.title}`,
  )
  expect(event).toMatchObject({ messageType: each.message.messageType, isFromMe: true, senderNumber: to })
  if (idFile) expect(event).toMatchObject({ idFile, fileStatus: 'stored' })
}

it.each(outgoingCases)('sends $title, direct and to a group', async (each) => {
  await expectRead(each, ana.pnJid!)
  await expectRead(each, group.jid)
})

it('sends a picture that it fetches from a URL', async () => {
  const elsewhere = await ScriptedEndpoints.start()
  const body = 'no picture, but called one'
  elsewhere.script('summer.jpg', [{ headers: { 'content-type': 'image/jpeg' }, body }])
  const { idMessage } = await stage.api.post<{ idMessage: string }>('/v1/sessions/support/messages?wait=20', {
    to: ana.pnJid,
    messageType: 'imageMessage',
    url: elsewhere.url('summer.jpg'),
  })
  await elsewhere.close()
  const { message } = await ana.waitForMessage(({ id }) => id === idMessage)
  const { directPath, mediaKey } = message.imageMessage!
  const bytes = await stage.whatsapp.world.mediaHost.open(directPath!, mediaKey!, 'image')
  expect(bytes.toString()).toBe(body)
})

it('shows how far a message has got', async () => {
  const { idMessage } = await stage.api.post<{ idMessage: string }>('/v1/sessions/support/messages?wait=20', {
    to: ana.pnJid,
    messageType: 'conversation',
    value: 'Have you read this?',
  })
  await ana.waitForMessage(({ id }) => id === idMessage)
  for (const status of ['read', 'played'] as const) {
    ana.sendReceipt(phone, idMessage, status)
    await stage.receiver.waitFor((e) => e['idMessage'] === idMessage && e['status'] === status, status)
    const shown = await stage.api.get<{ status: string }>(`/v1/sessions/support/messages/${idMessage}`)
    expect(shown.status).toBe(status)
  }
})

it('takes back what waits while WhatsApp is away, and asks about its number before it goes', async () => {
  const path = '/v1/sessions/support/messages'
  const text = (value: string) => ({ to: ana.pnJid, messageType: 'conversation', value })
  phone.loginFailure = '503'
  phone.dropConnection()
  const state = async () => (await stage.api.get<{ state: string }>('/v1/sessions/support')).state
  await vi.waitFor(async () => expect(await state()).toBe('reconnecting'), { timeout: 20_000 })
  const { idMessage } = await stage.api.post<{ idMessage: string }>(`${path}?wait=0`, text('Too soon'))
  const nobodys = { ...text('Too far'), to: '34600888888' }
  const strayed = await stage.api.post<{ idMessage: string }>(`${path}?wait=0`, nobodys)
  const waiting = await stage.api.get<{ messages: { idMessage: string }[] }>(`${path}?status=queued`)
  expect(waiting.messages.map((message) => message.idMessage)).toEqual([idMessage, strayed.idMessage])
  await stage.api.delete(`${path}/${idMessage}`)
  phone.loginFailure = undefined
  const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === idMessage, 'the news of it')
  expect(event).toMatchObject({ messageType: 'messageStatus', status: 'failed', errorCode: 'cancelled' })
  const next = await stage.api.post<{ idMessage: string }>(path, text('In time'))
  await ana.waitForMessage(({ id }) => id === next.idMessage, 30_000)
  expect(ana.received.map(({ id }) => id)).not.toContain(idMessage)
  const unknown = await stage.receiver.waitFor((e) => e['idMessage'] === strayed.idMessage, 'the other news')
  expect(unknown.event).toMatchObject({ status: 'failed', errorCode: 'notOnWhatsApp' })
})

it('asks WhatsApp whether numbers are on it', async () => {
  const numbers = ['+34 600 111 222', '+34 600 999 999']
  const answer = await stage.api.post('/v1/sessions/support/contacts/check', { numbers })
  expect(answer).toEqual({
    contacts: [
      { number: '34600111222', jid: ana.pnJid, exists: true, lid: ana.lidJid },
      { number: '34600999999', jid: null, exists: false },
    ],
  })
})

it('marks messages as read and shows that it types', async () => {
  const theirs = await ana.send(group, { text: 'Are you there?' })
  await stage.receiver.waitFor((e) => e['idMessage'] === theirs.id, 'the question')
  const messages = [{ idMessage: theirs.id, participant: ana.pnJid }]
  const read = await stage.api.request('POST', '/v1/sessions/support/read', { to: group.jid, messages })
  const composing = { to: ana.pnJid, presence: 'composing' }
  const typed = await stage.api.request('POST', '/v1/sessions/support/presence', composing)
  expect([read.status, typed.status]).toEqual([204, 204])
  await vi.waitFor(() => {
    const seen = { kind: 'read', to: group.jid, participant: ana.lidJid, ids: [theirs.id] }
    expect(phone.signs).toContainEqual(seen)
    expect(phone.signs).toContainEqual({ kind: 'composing', to: ana.pnJid })
  })
})

it.each([
  ['a text', { text: 'Look at this' }],
  ['a picture', { image: true, caption: 'This one' }],
  ['a voice note', { audio: true, voiceNote: true, seconds: 2 }],
  ['a document', { document: true, fileName: 'order.pdf' }],
  ['a sticker', { sticker: true }],
  ['a video', { video: true }],
  ['a contact', { contact: { name: 'Luis Pérez', number: '34600333444' } }],
  ['a place', { location: { latitude: 40.4168, longitude: -3.7038, name: 'Sol' } }],
] as const)('forwards %s that somebody sent, to a group', async (_what, content) => {
  const theirs = await ana.send(phone, content)
  const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === theirs.id, 'what is forwarded')
  const sent = await stage.api.post<{ idMessage: string }>('/v1/sessions/support/messages?wait=20', {
    to: group.jid,
    messageType: 'forwardedMessage',
    idEvent: event.idEvent,
  })
  const own = await stage.receiver.waitFor(
    (e) => e['idMessage'] === sent.idMessage && e.messageType !== 'messageStatus',
    'the event of the forward',
  )
  const same = ['messageType', 'value', 'caption', 'idFile', 'fileName', 'contacts', 'latitude', 'name']
  for (const name of same) expect(own.event[name]).toEqual(event[name])
  expect(own.event).toMatchObject({ isForwarded: true, isFromMe: true, senderNumber: group.jid })
  const { message } = await ana.waitForMessage(({ id }) => id === sent.idMessage)
  expect(JSON.stringify(message)).toContain('"isForwarded":true')
})

it('refuses a number that is not on WhatsApp, and takes one as people write it', async () => {
  const send = (to: string) =>
    stage.api.request('POST', '/v1/sessions/support/messages?wait=20', {
      to,
      messageType: 'conversation',
      value: 'Hello',
    })
  expect(await send('34600999999')).toMatchObject({ status: 422, body: { code: 'notOnWhatsApp' } })
  expect(await send('+34 600 111 222')).toMatchObject({ status: 200, body: { to: ana.pnJid } })
})

it('refuses a file that nobody uploaded', async () => {
  const image = { to: ana.pnJid, messageType: 'imageMessage', idFile: 'file_aaaaaaaaaaaaaaaaaaaaaa' }
  const refused = await stage.api.request('POST', '/v1/sessions/support/messages', image)
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'idFile' }] } })
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
