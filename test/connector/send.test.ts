import { expect, it } from 'vitest'
import { sendOutgoing } from '../../connector/send.ts'
import { useWhatsApp } from '../whatsapp/harness.ts'

const world = useWhatsApp()

const message = (to: string, value: string) => ({ to, messageType: 'conversation' as const, value })

it('sends a text to a number, a LID and a group under the id that was given', async () => {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  for (const [index, to] of [ana.pnJid!, ana.lidJid, group.jid].entries()) {
    await sendOutgoing(client.socket, {
      idMessage: `3EB0AAA${index}`,
      message: message(to, `Hello ${index}`),
    })
    const received = await ana.waitForMessage(({ id }) => id === `3EB0AAA${index}`)
    expect(received.message.extendedTextMessage?.text).toBe(`Hello ${index}`)
  }
})

it('adds nothing to a text that holds a link, and fetches nothing', async () => {
  const { client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const text = 'See http://127.0.0.1:9/secret'
  await sendOutgoing(client.socket, { idMessage: '3EB0BBBB', message: message(ana.pnJid!, text) })
  const { message: received } = await ana.waitForMessage(({ id }) => id === '3EB0BBBB')
  expect(JSON.parse(JSON.stringify(received.extendedTextMessage))).toEqual({ text })
})

it('is one message when it is sent again', async () => {
  const { client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const outgoing = { idMessage: '3EB0CCCC', message: message(ana.pnJid!, 'Once') }
  await sendOutgoing(client.socket, outgoing)
  await sendOutgoing(client.socket, outgoing)
  await sendOutgoing(client.socket, { idMessage: '3EB0CCCD', message: message(ana.pnJid!, 'Next') })
  await ana.waitForMessage(({ id }) => id === '3EB0CCCD')
  expect(ana.received.map(({ id }) => id)).toEqual(['3EB0CCCC', '3EB0CCCD'])
})

it('fails when there is no connection', async () => {
  const { client } = await world.linked()
  client.end()
  await client.closed
  const sending = sendOutgoing(client.socket, {
    idMessage: '3EB0DDDD',
    message: message('34600111222@s.whatsapp.net', 'Hello'),
  })
  await expect(sending).rejects.toMatchObject({ message: expect.stringMatching(/./) })
})
