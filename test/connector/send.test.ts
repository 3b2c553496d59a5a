import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { ContentTools } from '../../connector/outgoing-content.ts'
import { sendOutgoing } from '../../connector/send.ts'
import { SendableMessage } from '../../schema/outgoing.ts'
import { outgoingCases, type OutgoingCase } from '../support/outgoing-cases.ts'
import { samples } from '../whatsapp/samples.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()
const idFile = 'file_Zk7wE4tQ9sNf2uHb6jXyRc'

const message = (to: string, value: string): SendableMessage => ({ to, messageType: 'conversation', value })

function toolsOf(socket: ContentTools['socket'], file?: OutgoingCase['file']): ContentTools {
  return {
    socket,
    openFile: async () => {
      if (file === undefined) throw new Error('there is no file')
      return { stream: Readable.from([file.bytes]), mimetype: file.mimetype, fileName: undefined }
    },
    authorIn: (_, jid) => jid,
  }
}

async function setUp() {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  return { phone, client, ana, tools: toolsOf(client.socket) }
}

it('sends a text to a number, a LID and a group under the id that was given', async () => {
  const { phone, ana, tools } = await setUp()
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  for (const [index, to] of [ana.pnJid!, ana.lidJid, group.jid].entries()) {
    await sendOutgoing({ idMessage: `3EB0AAA${index}`, message: message(to, `Hello ${index}`) }, tools)
    const received = await ana.waitForMessage(({ id }) => id === `3EB0AAA${index}`)
    expect(received.message.extendedTextMessage?.text).toBe(`Hello ${index}`)
  }
})

describe.each(outgoingCases)('$title', ({ message: content, file, read, fields }) => {
  it.each(['direct', 'group'])('is read by who gets it (%s)', async (where) => {
    const { phone, client, ana } = await setUp()
    const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
    const quoted = content['quoted'] as object | undefined
    const outgoing = SendableMessage.parse({
      ...content,
      to: where === 'group' ? group.jid : ana.pnJid,
      ...(file && { idFile }),
      ...(quoted && { quoted: { ...quoted, participant: ana.pnJid } }),
    })
    await sendOutgoing({ idMessage: '3EB0AAAA', message: outgoing }, toolsOf(client.socket, file))
    const { message: received } = await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
    const part = read(received)
    expect(part).toMatchObject(fields)
    if (file === undefined) return
    const { directPath, mediaKey } = part as { directPath: string; mediaKey: Uint8Array }
    expect(await world.whatsapp.world.mediaHost.open(directPath, mediaKey, file.kind)).toEqual(file.bytes)
  })
})

it('adds nothing to a text that holds a link, and fetches nothing', async () => {
  const { ana, tools } = await setUp()
  const text = 'See http://127.0.0.1:9/secret'
  const sent = await sendOutgoing({ idMessage: '3EB0BBBB', message: message(ana.pnJid!, text) }, tools)
  expect(sent?.extendedTextMessage?.text).toBe(text)
  const { message: received } = await ana.waitForMessage(({ id }) => id === '3EB0BBBB')
  expect(JSON.parse(JSON.stringify(received.extendedTextMessage))).toEqual({ text })
})

it('shows the picture that the caller gave with a preview', async () => {
  const { client, ana } = await setUp()
  const linkPreview = { url: 'https://shop.example', title: 'Summer', idFile }
  const outgoing = { ...message(ana.pnJid!, 'See https://shop.example'), linkPreview }
  const file = { bytes: samples.jpeg, mimetype: 'image/jpeg', kind: 'image' as const }
  await sendOutgoing({ idMessage: '3EB0BBBC', message: outgoing }, toolsOf(client.socket, file))
  const { message: received } = await ana.waitForMessage(({ id }) => id === '3EB0BBBC')
  expect(Buffer.from(received.extendedTextMessage!.jpegThumbnail!)).toEqual(samples.jpeg)
})

it('fails when the host for files takes one and does not answer', async () => {
  const { client, ana } = await setUp()
  world.whatsapp.world.mediaHost.swallowsUploads = true
  const outgoing: SendableMessage = { to: ana.pnJid!, messageType: 'imageMessage', idFile }
  const tools = toolsOf(client.socket, { bytes: samples.jpeg, mimetype: 'image/jpeg', kind: 'image' })
  await expect(sendOutgoing({ idMessage: '3EB0EEEE', message: outgoing }, tools)).rejects.toThrow('upload')
})

it('is one message when it is sent again', async () => {
  const { ana, tools } = await setUp()
  const outgoing = { idMessage: '3EB0CCCC', message: message(ana.pnJid!, 'Once') }
  await sendOutgoing(outgoing, tools)
  await sendOutgoing(outgoing, tools)
  await sendOutgoing({ idMessage: '3EB0CCCD', message: message(ana.pnJid!, 'Next') }, tools)
  await ana.waitForMessage(({ id }) => id === '3EB0CCCD')
  expect(ana.received.map(({ id }) => id)).toEqual(['3EB0CCCC', '3EB0CCCD'])
})

it('fails when there is no connection', async () => {
  const { client, tools } = await setUp()
  client.end()
  await client.closed
  const sending = sendOutgoing(
    { idMessage: '3EB0DDDD', message: message('34600111222@s.whatsapp.net', 'Hello') },
    tools,
  )
  await expect(sending).rejects.toMatchObject({ message: expect.stringMatching(/./) })
})
