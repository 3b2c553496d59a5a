import { downloadMediaMessage, getContentType, normalizeMessageContent, type WAMessage } from 'baileys'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BaileysClient } from './baileys-client.ts'
import type { Content, Wrapper } from './content.ts'
import { useWhatsApp } from './harness.ts'
import { samples } from './samples.ts'

const world = useWhatsApp()

const contents: [string, Content, string, Buffer?][] = [
  ['text', { text: 'Hello' }, 'conversation'],
  ['a quoted text', { text: 'Yes', quoted: { id: 'ABC', text: 'Open?' } }, 'extendedTextMessage'],
  ['an image', { image: true, caption: 'Look' }, 'imageMessage', samples.jpeg],
  ['an audio file', { audio: true }, 'audioMessage', samples.ogg],
  ['a voice note', { audio: true, voiceNote: true }, 'audioMessage', samples.ogg],
  ['a sticker', { sticker: true }, 'stickerMessage', samples.webp],
  ['a document', { document: true }, 'documentMessage', samples.pdf],
  ['a document with a caption', { document: true, caption: 'Sign' }, 'documentMessage', samples.pdf],
  ['a video', { video: true }, 'videoMessage', samples.mp4],
  ['a contact', { contact: { name: 'Luis', number: '34600333444' } }, 'contactMessage'],
  ['contacts', { contacts: [{ name: 'Luis' }, { name: 'Eva' }] }, 'contactsArrayMessage'],
  ['a location', { location: { latitude: 1.5, longitude: 2.5 } }, 'locationMessage'],
  ['a poll', { poll: { question: 'When?', options: ['A', 'B'] } }, 'pollCreationMessageV3'],
]

async function expectContent(message: WAMessage, type: string, file?: Buffer) {
  const content = normalizeMessageContent(message.message)
  expect(getContentType(content)).toBe(type)
  if (!file) return
  const downloaded = await downloadMediaMessage(message, 'buffer', {})
  expect(downloaded.equals(file)).toBe(true)
  const media = Object.values(content!).find((part) => part?.fileSha256) as { fileSha256: Uint8Array }
  expect(createHash('sha256').update(downloaded).digest().equals(Buffer.from(media.fileSha256))).toBe(true)
}

describe('a linked client', () => {
  it('receives every kind of content, direct and in a group', async () => {
    const { phone, client } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
    for (const [, content, type, file] of contents)
      for (const target of [phone, group]) {
        const { id } = await ana.send(target, content)
        const message = await client.message(({ key, message }) => key.id === id && !!message)
        await expectContent(message, type, file)
        if (target === group) expect(message.key.participantAlt).toBe('34600111222@s.whatsapp.net')
      }
    await expect.poll(() => phone.pending).toEqual([])
  })

  it.each<Wrapper>(['ephemeral', 'viewOnce', 'viewOnceV2', 'viewOnceV2Extension'])(
    'receives what is wrapped in %s',
    async (wrapper) => {
      const { phone, client } = await world.linked()
      const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
      const { id } = await ana.send(phone, { image: true }, { wrap: wrapper })
      const message = await client.message(({ key }) => key.id === id)
      await expectContent(message, 'imageMessage', samples.jpeg)
    },
  )

  it('learns only the LID of a contact who hides the number', async () => {
    const { phone, client } = await world.linked()
    const eva = world.whatsapp.createContact({ name: 'Eva' })
    const { id } = await eva.send(phone, { text: 'Guess who' })
    const { key } = await client.message((message) => message.key.id === id)
    expect(key).toMatchObject({ remoteJid: eva.lidJid, remoteJidAlt: undefined })
  })

  it('gets a copy of what its own phone sends', async () => {
    const { phone, client } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const { id } = await phone.sendFromPhone(ana, { text: 'From the phone' })
    const { key, message } = await client.message((own) => own.key.id === id)
    expect(key).toMatchObject({ fromMe: true, remoteJid: ana.lidJid })
    expect(message?.conversation).toBe('From the phone')
  })

  it('gets its backlog after a drop, in order, and again what it never receipted', async () => {
    const { phone, client, state } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    phone.dropConnection()
    await client.closed
    const ids: string[] = []
    for (let n = 1; n <= 20; n++) ids.push((await ana.send(phone, { text: `Message ${n}` })).id)
    expect(phone.pending).toEqual(expect.arrayContaining(ids))
    const again = world.keep(new BaileysClient(world.whatsapp, state))
    await again.until(() => again.messages.filter(({ key }) => ids.includes(key.id!)).length === 20)
    expect(again.messages.map(({ key }) => key.id).filter((id) => ids.includes(id!))).toEqual(ids)
    await expect.poll(() => phone.pending).toEqual([])
    expect(phone.receipts.filter(({ id }) => ids.includes(id))).toHaveLength(20)
  })

  it('sends text and files to people and groups, who decrypt them', async () => {
    const { phone, client } = await world.linked()
    const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
    for (const jid of [ana.pnJid!, group.jid]) {
      const text = await client.socket.sendMessage(jid, { text: 'Good morning' })
      const got = await ana.waitForMessage(({ id }) => id === text?.key.id)
      expect(got.message.extendedTextMessage?.text).toBe('Good morning')
      const document = { document: samples.pdf, mimetype: 'application/pdf', fileName: 'a.pdf' }
      const file = await client.socket.sendMessage(jid, document)
      const { message } = await ana.waitForMessage(({ id }) => id === file?.key.id)
      const { directPath, mediaKey } = message.documentMessage!
      const opened = await world.whatsapp.mediaHost.open(directPath!, mediaKey!, 'document')
      expect(opened.equals(samples.pdf)).toBe(true)
    }
    expect(ana.undecryptable).toEqual([])
  })

  it('talks to another linked client, both ways', async () => {
    const shop = await world.linked('34911000001')
    const office = await world.linked('34911000002')
    const there = await shop.client.socket.sendMessage(office.phone.pnJid!, { text: 'ping' })
    await office.client.message(({ key, message }) => key.id === there?.key.id && !!message)
    const back = await office.client.socket.sendMessage(shop.phone.pnJid!, { text: 'pong' })
    await shop.client.message(({ key, message }) => key.id === back?.key.id && !!message)
  })
})
