import type { BinaryNode } from 'baileys'
import { expect, it, vi } from 'vitest'
import type { LinkCommand } from '../../schema/command.ts'
import { child } from '../whatsapp/node.ts'
import { useStage } from './harness.ts'

const stage = useStage()

const isAnswerAboutDevices = (stanza: BinaryNode) => child(stanza, 'usync') !== undefined

const text = (to: string, idMessage: string): LinkCommand => ({
  kind: 'sendMessage',
  idMessage,
  message: { to, messageType: 'conversation', value: 'Good morning' },
})

it('sends at once over the next connection what waited for an answer when the Worker was away too long', async () => {
  stage.startConnector({ maxHoldMs: 300 })
  const { session, phone } = await stage.linkSession()
  await expect.poll(() => phone.pending).toEqual([])
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva' })
  session.faults.isFrozen = true
  // Its receipt is held, and all that is said to WhatsApp behind it.
  await ana.send(phone, { text: 'held' })
  session.command('c1', text(ana.pnJid!, '3EB0AAAA'))
  await expect.poll(() => phone.isConnected, { timeout: 3000 }).toBe(false)
  session.thaw()
  await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  session.command('c2', text(eva.pnJid!, '3EB0BBBB'))
  await eva.waitForMessage(({ id }) => id === '3EB0BBBB')
})

it('sends at once over the next connection what waited for an answer when WhatsApp ended the stream', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const connection = phone.companion!.connection!
  const send = connection.send.bind(connection)
  vi.spyOn(connection, 'send').mockImplementation((stanza) =>
    isAnswerAboutDevices(stanza) ? connection.endWithStreamError('503') : send(stanza),
  )
  session.command('c1', text(ana.pnJid!, '3EB0AAAA'))
  await ana.waitForMessage(({ id }) => id === '3EB0AAAA')
  expect(phone.companion!.connection).not.toBe(connection)
})
