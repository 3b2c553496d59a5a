import { proto } from 'baileys'
import { expect, it } from 'vitest'
import { useStage } from './harness.ts'
import type { FakeSession } from '../support/fake-session.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import { node } from '../whatsapp/node.ts'
import type { Phone } from '../whatsapp/phone.ts'

const stage = useStage()

interface Scene {
  session: FakeSession
  phone: Phone
  ana: Contact
  group: Group
}

/** What the Session must have when WhatsApp sees that it was acknowledged. */
const has = {
  event: (type: string) => (session: FakeSession) =>
    session.events.some(({ messageType }) => messageType === type),
  awaited: (session: FakeSession) => [...session.keys.keys()].some((name) => name.includes('|STANZA1')),
}

function deliver({ phone, ana }: Scene, content: ReturnType<typeof node>): void {
  const attributes = { id: 'STANZA1', t: String(Math.floor(Date.now() / 1000)), type: 'text', notify: 'Ana' }
  phone.deliverToAll(
    node('message', { from: ana.lidJid, sender_pn: ana.knownJid, ...attributes }, [content]),
    'STANZA1',
  )
}

const cases: Record<string, { act(scene: Scene): unknown; isStored(session: FakeSession): boolean }> = {
  'a receipt': {
    act: ({ ana, phone }) => ana.sendReceipt(phone, '3EB0AAAA', 'played'),
    isStored: has.event('messageStatus'),
  },
  'a receipt in a group': {
    act: ({ ana, phone, group }) => ana.sendReceipt(phone, '3EB0AAAA', 'read', group.jid),
    isStored: has.event('messageStatus'),
  },
  'a call': { act: ({ ana, phone }) => ana.call(phone, 'CALL1'), isStored: has.event('callOffer') },
  'a new subject of a group': {
    act: ({ ana, group }) => group.change(ana, { subject: 'Best friends' }),
    isStored: has.event('groupUpdate'),
  },
  'somebody who leaves a group': {
    act: ({ ana, group }) => group.change(ana, { remove: [ana] }),
    isStored: has.event('groupParticipantsUpdate'),
  },
  'a message whose content is elsewhere': {
    act: (scene) => deliver(scene, node('unavailable')),
    isStored: has.awaited,
  },
  'a message whose content only the phone gets': {
    act: (scene) => deliver(scene, node('unavailable', { type: 'hosted_unavailable_fanout' })),
    isStored: has.awaited,
  },
  'a view-once message': {
    act: (scene) => deliver(scene, node('unavailable', { type: 'view_once' })),
    isStored: has.event('unsupportedMessage'),
  },
  'a message in the clear': {
    act: (scene) =>
      deliver(scene, node('plaintext', {}, proto.Message.encode({ conversation: 'clear' }).finish())),
    isStored: has.event('conversation'),
  },
  'a message that cannot be decrypted': {
    act: (scene) => deliver(scene, node('enc', { v: '2', type: 'msg' }, Buffer.alloc(60, 51))),
    isStored: has.awaited,
  },
}

it.each(Object.entries(cases))('acknowledges %s only when it is stored', async (_name, { act, isStored }) => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await phone.waitUntilConnected()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  await expect.poll(() => phone.pending).toEqual([])
  session.faults.delayMs = 60
  const companion = phone.companion!
  const { outbox } = companion
  const wasStored: boolean[] = []
  const forget = outbox.delete.bind(outbox)
  outbox.delete = (key) => {
    if (outbox.has(key)) wasStored.push(isStored(session))
    return forget(key)
  }
  companion.retry = async () => void wasStored.push(isStored(session))
  await act({ session, phone, ana, group })
  await expect.poll(() => wasStored.length, { timeout: 5000 }).toBeGreaterThan(0)
  expect(wasStored[0]).toBe(true)
})

it('awaits the content of a bot’s message, which Baileys refuses unread', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await phone.waitUntilConnected()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  deliver({ session, phone, ana, group }, node('enc', { v: '2', type: 'msmsg' }, Buffer.alloc(60, 51)))
  await session.wait(has.awaited)
})
