import { buffer } from 'node:stream/consumers'
import type { WAMessage } from 'baileys'
import { describe, expect, it } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import { fetchMedia } from '../../../connector/media.ts'
import { normalizeMessage } from '../../../connector/normalize/normalize.ts'
import type { Content } from '../../whatsapp/content.ts'
import type { GroupChange } from '../../whatsapp/group-change.ts'
import { useWhatsApp } from '../../whatsapp/harness.ts'
import { samples } from '../../whatsapp/samples.ts'

const world = useWhatsApp()
const anasNumber = '34600111222@s.whatsapp.net'
const shopsNumber = '34911000001@s.whatsapp.net'

async function setUp() {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  const toEvent = (message: WAMessage) =>
    normalizeMessage(message, {
      idSession: 'shop',
      ownNumber: phone.pnJid,
      ownLid: phone.lidJid,
      phoneOf: () => undefined,
    })
  const arrived = async (id: string) => toEvent(await client.message(({ key }) => key.id === id))
  return { phone, client, ana, group, toEvent, arrived }
}

const about = { id: 'ABC' }
const contents: [Content, object, Buffer?][] = [
  [{ text: 'Hello' }, { messageType: 'conversation', value: 'Hello' }],
  [
    { text: 'Yes', quoted: { id: 'ABC', text: 'Open?', participant: shopsNumber } },
    { quoted: { idMessage: 'ABC', participant: shopsNumber, isFromMe: true, value: 'Open?' } },
  ],
  [{ image: true, caption: 'Look' }, { messageType: 'imageMessage', caption: 'Look' }, samples.jpeg],
  [{ audio: true, voiceNote: true }, { messageType: 'audioMessage', isVoiceNote: true }, samples.ogg],
  [{ sticker: true }, { messageType: 'stickerMessage', width: 512 }, samples.webp],
  [
    { document: true, caption: 'Sign' },
    { messageType: 'documentMessage', caption: 'Sign', fileName: 'document.pdf' },
    samples.pdf,
  ],
  [{ video: true }, { messageType: 'videoMessage', seconds: 3 }, samples.mp4],
  [
    { contact: { name: 'Luis', number: '34600333444' } },
    { messageType: 'contactMessage', contacts: [{ displayName: 'Luis', numbers: ['34600333444'] }] },
  ],
  [
    { contacts: [{ name: 'Luis' }, { name: 'Eva' }] },
    { messageType: 'contactMessage', contacts: [{ displayName: 'Luis' }, { displayName: 'Eva' }] },
  ],
  [
    { location: { latitude: 1.5, longitude: 2.5 } },
    { messageType: 'locationMessage', latitude: 1.5, longitude: 2.5 },
  ],
  [
    { poll: { question: 'When?', options: ['A', 'B'] } },
    { messageType: 'pollCreationMessage', value: 'When?', options: ['A', 'B'], selectableCount: 1 },
  ],
  [
    { reaction: '👍', target: about },
    { messageType: 'reactionMessage', value: '👍', targetMessage: { idMessage: 'ABC' } },
  ],
  [
    { edit: 'Hi', target: { ...about, fromMe: true } },
    { messageType: 'editedMessage', value: 'Hi', targetMessage: { participant: anasNumber } },
  ],
  [
    { revoke: { ...about, fromMe: true } },
    { messageType: 'revokedMessage', targetMessage: { idMessage: 'ABC', participant: anasNumber } },
  ],
]

describe('what an unmodified Baileys makes of what WhatsApp sends', () => {
  it('becomes the right event, direct and in a group, with its file', async () => {
    const { phone, ana, group, arrived } = await setUp()
    for (const [content, fields, file] of contents)
      for (const target of [phone, group]) {
        const { id, timestamp } = await ana.send(target, content)
        const normalized = await arrived(id)
        const isInGroup = target === group
        expect(EventDraft.safeParse(normalized?.draft).error).toBeUndefined()
        expect(normalized?.draft).toMatchObject({
          ...fields,
          idMessage: id,
          senderNumber: isInGroup ? group.jid : anasNumber,
          senderName: 'Ana',
          messageTimestamp: timestamp,
          isMessageFromGroup: isInGroup,
          lid: ana.lidJid,
          ...(isInGroup && { participant: anasNumber }),
        })
        if (file === undefined) continue
        const stored = await fetchMedia(normalized!.media!, { allowLoopback: true })
        expect((await buffer(stored)).equals(file)).toBe(true)
      }
  })

  it('has the chat’s number when the own phone writes', async () => {
    const { phone, ana, arrived } = await setUp()
    const { id } = await phone.sendFromPhone(ana, { text: 'From the phone' })
    expect((await arrived(id))?.draft).toMatchObject({
      senderNumber: anasNumber,
      lid: ana.lidJid,
      isFromMe: true,
      value: 'From the phone',
    })
  })

  it('knows whose message a reaction is about, whoever reacts', async () => {
    const { phone, ana, arrived } = await setUp()
    const theirs = await ana.send(phone, { text: 'Hello' })
    const ours = await phone.sendFromPhone(ana, { text: 'Hello' })
    const toOurs = await ana.send(phone, { reaction: '👍', target: { id: ours.id } })
    const toTheirs = await phone.sendFromPhone(ana, { reaction: '❤️', target: { id: theirs.id } })
    expect((await arrived(toOurs.id))?.draft).toMatchObject({
      targetMessage: { idMessage: ours.id, participant: shopsNumber, isFromMe: true },
    })
    expect((await arrived(toTheirs.id))?.draft).toMatchObject({
      isFromMe: true,
      targetMessage: { idMessage: theirs.id, participant: anasNumber },
    })
  })

  it('tells what happens to a group', async () => {
    const { client, ana, group, toEvent } = await setUp()
    const luis = world.whatsapp.createContact({ number: '34600333444', name: 'Luis' })
    const changes: [GroupChange, object][] = [
      [{ subject: 'Family' }, { messageType: 'groupUpdate', action: 'subject', value: 'Family' }],
      [{ description: 'Us' }, { messageType: 'groupUpdate', action: 'description', value: 'Us' }],
      [{ announcement: true }, { messageType: 'groupUpdate', action: 'announcement', value: 'on' }],
      [{ locked: false }, { messageType: 'groupUpdate', action: 'locked', value: 'off' }],
      [{ ephemeralSeconds: 60 }, { messageType: 'groupUpdate', action: 'ephemeral', value: '60' }],
      [{ ephemeralSeconds: 0 }, { messageType: 'groupUpdate', action: 'ephemeral', value: '0' }],
      [{ add: [luis] }, { action: 'add', participants: ['34600333444@s.whatsapp.net'] }],
      [{ promote: [luis] }, { action: 'promote', participants: ['34600333444@s.whatsapp.net'] }],
      [{ demote: [luis] }, { action: 'demote', participants: ['34600333444@s.whatsapp.net'] }],
      [{ remove: [luis] }, { action: 'remove', participants: ['34600333444@s.whatsapp.net'] }],
    ]
    for (const [change, fields] of changes) {
      const before = client.messages.length
      group.change(ana, change)
      await client.until(() => client.messages.length > before)
      const draft = toEvent(client.messages.at(-1)!)?.draft
      expect(draft).toMatchObject({ senderNumber: group.jid, ...fields })
      expect(EventDraft.safeParse(draft).error).toBeUndefined()
    }
  })
})
