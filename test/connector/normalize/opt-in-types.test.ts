import { describe, expect, test } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import { proto } from '../../../connector/baileys.ts'
import { ana, group, idEventIn, idMessage, luis, normalize, own, stands, timestamp } from './builders.ts'

const { Type } = proto.Message.ProtocolMessage
const target = '3EB05F3D6A21C2E4B9'

interface Sample {
  name: string
  message: proto.IMessage
  messageType: string
  fields: Record<string, unknown>
}

const poll = { name: '¿Cuándo?', options: [{ optionName: 'lunes' }, { optionName: 'martes' }] }
const pollFields = { value: '¿Cuándo?', options: ['lunes', 'martes'], selectableCount: 1 }
const pollMessage = { ...poll, selectableOptionsCount: 1 }

const samples: Sample[] = [
  {
    name: 'place',
    message: {
      locationMessage: {
        degreesLatitude: 40.4168,
        degreesLongitude: -3.7038,
        name: 'Puerta del Sol',
        address: 'Madrid',
        url: 'https://example.com/sol',
        comment: 'aquí',
        accuracyInMeters: 12,
      },
    },
    messageType: 'locationMessage',
    fields: {
      latitude: 40.4168,
      longitude: -3.7038,
      name: 'Puerta del Sol',
      address: 'Madrid',
      url: 'https://example.com/sol',
      caption: 'aquí',
      accuracyMeters: 12,
    },
  },
  {
    name: 'live place',
    message: { liveLocationMessage: { degreesLatitude: 0, degreesLongitude: 0, caption: 'voy' } },
    messageType: 'locationMessage',
    fields: { latitude: 0, longitude: 0, caption: 'voy', isLive: true },
  },
  {
    name: 'poll v1',
    message: { pollCreationMessage: poll },
    messageType: 'pollCreationMessage',
    fields: { ...pollFields, selectableCount: 0 },
  },
  {
    name: 'poll v2',
    message: { pollCreationMessageV2: pollMessage },
    messageType: 'pollCreationMessage',
    fields: pollFields,
  },
  {
    name: 'poll v3',
    message: { pollCreationMessageV3: pollMessage },
    messageType: 'pollCreationMessage',
    fields: pollFields,
  },
  {
    name: 'poll v4',
    message: { pollCreationMessageV4: { message: { pollCreationMessage: pollMessage } } },
    messageType: 'pollCreationMessage',
    fields: pollFields,
  },
  {
    name: 'poll v5',
    message: { pollCreationMessageV5: pollMessage },
    messageType: 'pollCreationMessage',
    fields: pollFields,
  },
  {
    name: 'button',
    message: { buttonsResponseMessage: { selectedButtonId: 'yes', selectedDisplayText: 'Sí' } },
    messageType: 'buttonsResponseMessage',
    fields: { selectedId: 'yes', value: 'Sí' },
  },
  {
    name: 'button of a template',
    message: { templateButtonReplyMessage: { selectedId: 'yes', selectedDisplayText: 'Sí' } },
    messageType: 'buttonsResponseMessage',
    fields: { selectedId: 'yes', value: 'Sí' },
  },
  {
    name: 'button of an interactive message',
    message: {
      interactiveResponseMessage: {
        body: { text: 'Sí' },
        nativeFlowResponseMessage: { name: 'quick_reply', paramsJson: '{"id":"yes"}' },
      },
    },
    messageType: 'buttonsResponseMessage',
    fields: { selectedId: 'yes', value: 'Sí' },
  },
  {
    name: 'interactive message without an id',
    message: {
      interactiveResponseMessage: { nativeFlowResponseMessage: { name: 'flow', paramsJson: '{' } },
    },
    messageType: 'buttonsResponseMessage',
    fields: { selectedId: 'flow', value: '' },
  },
  {
    name: 'row of a list',
    message: {
      listResponseMessage: {
        title: 'Mediana',
        description: 'la de siempre',
        singleSelectReply: { selectedRowId: 'size-m' },
      },
    },
    messageType: 'listResponseMessage',
    fields: { selectedId: 'size-m', value: 'Mediana', description: 'la de siempre' },
  },
  {
    name: 'type that has no event of its own',
    message: { eventMessage: { name: 'Cena' } },
    messageType: 'unsupportedMessage',
    fields: { wireType: 'eventMessage', unsupportedReason: 'unknownType' },
  },
  {
    name: 'reaction that is encrypted once more',
    message: { encReactionMessage: { encPayload: Buffer.from('x') } },
    messageType: 'unsupportedMessage',
    fields: { wireType: 'encReactionMessage', unsupportedReason: 'undecryptable' },
  },
  {
    name: 'protocol message without an event of its own',
    message: { protocolMessage: { type: Type.SHARE_PHONE_NUMBER } },
    messageType: 'unsupportedMessage',
    fields: { wireType: 'SHARE_PHONE_NUMBER', unsupportedReason: 'unknownType' },
  },
  {
    name: 'place that is not on Earth',
    message: { locationMessage: { degreesLatitude: 91, degreesLongitude: 0 } },
    messageType: 'unsupportedMessage',
    fields: { wireType: 'locationMessage', unsupportedReason: 'malformed' },
  },
  {
    name: 'place without coordinates',
    message: { liveLocationMessage: { degreesLatitude: Number.NaN, degreesLongitude: 0 } },
    messageType: 'unsupportedMessage',
    fields: { wireType: 'liveLocationMessage', unsupportedReason: 'malformed' },
  },
  {
    name: 'nothing at all',
    message: {},
    messageType: 'unsupportedMessage',
    fields: { wireType: 'none', unsupportedReason: 'empty' },
  },
]

describe.each(samples)('$name', ({ message, messageType, fields }) => {
  test.each(stands)('$name, bare and ephemeral', ({ key, context, wireChat, wireSender, common }) => {
    const isEmpty = Object.keys(message).length === 0
    for (const wire of isEmpty ? [message] : [message, { ephemeralMessage: { message } }]) {
      const normalized = normalize(wire, key, context)
      expect(normalized).toStrictEqual({
        draft: {
          idSession: 'support',
          messageType,
          idEvent: idEventIn(wireChat, wireSender),
          messageTimestamp: timestamp,
          idMessage,
          ...common,
          ...fields,
        },
      })
      expect(EventDraft.safeParse(normalized?.draft).error).toBeUndefined()
    }
  })
})

const inGroup = { remoteJid: group, participant: ana.number }
const ofUs = { idMessage: target, participant: own.number, isFromMe: true }
const ofAna = { idMessage: target, participant: ana.number }
const ofLuis = { idMessage: target, participant: luis.number }

describe('the message that a reaction is about', () => {
  test.each([
    ['ours, as Ana’s phone says it', {}, { remoteJid: own.number, fromMe: false }, ofUs],
    ['ours, by our LID', {}, { remoteJid: own.lid, fromMe: false }, ofUs],
    ['ours, as Baileys says it', {}, { remoteJid: ana.number, fromMe: true }, ofUs],
    ['Ana’s, as her phone says it', {}, { remoteJid: own.number, fromMe: true }, ofAna],
    ['Ana’s, as Baileys says it', {}, { remoteJid: ana.number, fromMe: false, participant: '' }, ofAna],
    ['Ana’s, from our phone', { fromMe: true }, { remoteJid: ana.number, fromMe: false }, ofAna],
    ['ours, from our phone', { fromMe: true }, { remoteJid: ana.number, fromMe: true }, ofUs],
    ['Luis’s in a group', inGroup, { remoteJid: group, fromMe: false, participant: luis.number }, ofLuis],
    ['Ana’s in a group', inGroup, { remoteJid: group, fromMe: true }, ofAna],
    ['ours in a group', inGroup, { remoteJid: group, fromMe: false, participant: own.lid }, ofUs],
    ['nobody knows whose', inGroup, { remoteJid: group, fromMe: false }, { idMessage: target }],
  ])('%s', (_, key, targetKey, targetMessage) => {
    const reactionMessage = { key: { id: target, ...targetKey }, text: '👍' }
    const draft = normalize({ reactionMessage }, key)?.draft
    expect(draft).toMatchObject({ messageType: 'reactionMessage', value: '👍' })
    expect(draft).toHaveProperty('targetMessage', targetMessage)
  })

  test('a reaction taken back has no text', () => {
    const reactionMessage = { key: { id: target, remoteJid: own.number }, text: '' }
    expect(normalize({ reactionMessage })?.draft).toMatchObject({
      messageType: 'reactionMessage',
      value: '',
    })
  })

  test('a reaction to nothing is malformed', () => {
    expect(normalize({ reactionMessage: { text: '👍' } })?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      unsupportedReason: 'malformed',
    })
  })
})

test('a vote names its poll and is told without its answers', () => {
  const pollUpdateMessage = {
    pollCreationMessageKey: { id: target, remoteJid: own.number, fromMe: false },
    vote: { encPayload: Buffer.from('x'), encIv: Buffer.from('y') },
  }
  const draft = normalize({ pollUpdateMessage })?.draft
  expect(draft).toMatchObject({ messageType: 'pollUpdateMessage', targetMessage: ofUs })
  expect(draft).not.toHaveProperty('selectedOptions')
})

describe('edits', () => {
  const edit = (editedMessage: proto.IMessage, key: proto.IMessageKey = { id: target }) => ({
    editedMessage: { message: { protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage } } },
  })

  test.each([
    ['text', { conversation: 'mañana' }],
    ['extended text', { extendedTextMessage: { text: 'mañana' } }],
    ['a caption', { imageMessage: { caption: 'mañana' } }],
    ['a caption in its envelope', { ephemeralMessage: { message: { videoMessage: { caption: 'mañana' } } } }],
  ])('%s: the new text, and the author’s own message', (_, edited) => {
    expect(normalize(edit(edited))?.draft).toMatchObject({
      messageType: 'editedMessage',
      value: 'mañana',
      targetMessage: ofAna,
    })
  })

  test('without the envelope of edits it is the same', () => {
    const { message } = edit({ conversation: 'mañana' }).editedMessage
    expect(normalize(message, inGroup)?.draft).toMatchObject({
      messageType: 'editedMessage',
      targetMessage: ofAna,
    })
  })

  test('nobody edits for another, whatever the key says', () => {
    const key = { id: target, remoteJid: group, participant: luis.number, fromMe: false }
    expect(normalize(edit({ conversation: 'x' }, key), inGroup)?.draft).toHaveProperty('targetMessage', ofAna)
  })

  test('our own', () => {
    expect(normalize(edit({ conversation: 'x' }), { fromMe: true })?.draft).toMatchObject({
      isFromMe: true,
      targetMessage: ofUs,
    })
  })
})

describe('revocations', () => {
  const revoke = (key: proto.IMessageKey) => ({ protocolMessage: { type: Type.REVOKE, key } })

  test.each([
    ['by its author', {}, { id: target, remoteJid: own.number, fromMe: true }, ofAna],
    ['by its author in a group', inGroup, { id: target, remoteJid: group, fromMe: true }, ofAna],
    [
      'by an administrator',
      inGroup,
      { id: target, remoteJid: group, fromMe: false, participant: luis.number },
      ofLuis,
    ],
    ['by ourselves', { fromMe: true }, { id: target, remoteJid: ana.number, fromMe: true }, ofUs],
  ])('%s', (_, key, targetKey, targetMessage) => {
    expect(normalize(revoke(targetKey), key)?.draft).toMatchObject({
      messageType: 'revokedMessage',
      targetMessage,
    })
  })

  test('of nothing are malformed', () => {
    expect(normalize({ protocolMessage: {} })?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'REVOKE',
    })
  })
})
