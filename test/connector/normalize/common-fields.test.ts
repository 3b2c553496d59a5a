import { describe, expect, test } from 'vitest'
import { normalizeMessage } from '../../../connector/normalize/normalize.ts'
import { proto } from '../../../connector/baileys.ts'
import { ana, group, knowing, luis, makeContext, makeWire, normalize, own } from './builders.ts'

const text = { conversation: 'Hola' }
const Long = (high: number, low: number) => ({
  high,
  low,
  unsigned: true,
  toNumber: () => high * 2 ** 32 + low,
})

describe('idEvent', () => {
  const idEvent = (message = makeWire(text), context = {}) =>
    normalizeMessage(message, makeContext(context))?.draft.idEvent

  test('is the same before and after the number behind a LID became known', () => {
    const wire = makeWire(text, { remoteJid: ana.lid })
    expect(idEvent(wire, knowing(ana))).toBe(idEvent(wire))
    const inGroup = makeWire(text, { remoteJid: group, participant: ana.lid })
    const told = makeWire(text, { remoteJid: group, participant: ana.lid, participantAlt: ana.number })
    expect(idEvent(told)).toBe(idEvent(inGroup))
  })

  test('is the same from whichever device and however the address is spelt', () => {
    const plain = idEvent(makeWire(text, { remoteJid: ana.number }))
    expect(idEvent(makeWire(text, { remoteJid: '34600111222:5@s.whatsapp.net' }))).toBe(plain)
    expect(idEvent(makeWire(text, { remoteJid: '34600111222@c.us' }))).toBe(plain)
    expect(idEvent(makeWire(text, { remoteJid: '34600111222@hosted' }))).toBe(plain)
  })

  test('is another for a stub that was given up, so that the content that comes later is told', () => {
    const stub = { ...makeWire(null), messageStubType: 2 }
    expect(idEvent(stub, { isGivenUp: true })).not.toBe(idEvent())
    expect(idEvent(stub, { isGivenUp: true })).toBe(idEvent(stub, { isGivenUp: true }))
  })

  test('differs by session, chat, author and message', () => {
    const inGroup = { remoteJid: group, participant: ana.number }
    const ids = [
      idEvent(),
      idEvent(makeWire(text), { idSession: 'sales' }),
      idEvent(makeWire(text, { id: 'B' })),
      idEvent(makeWire(text, { fromMe: true })),
      idEvent(makeWire(text, inGroup)),
      idEvent(makeWire(text, { ...inGroup, participant: luis.number })),
      idEvent(makeWire(text, { ...inGroup, remoteJid: '120363049999999999@g.us' })),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('addresses', () => {
  test('a chat with oneself by LID has the own number', () => {
    expect(normalize(text, { remoteJid: own.lid, fromMe: true })?.draft).toMatchObject({
      senderNumber: own.number,
      lid: own.lid,
      isFromMe: true,
    })
  })

  test('the account’s own number beside its own message is not the chat’s', () => {
    const draft = normalize(text, { remoteJid: ana.lid, remoteJidAlt: own.number, fromMe: true })?.draft
    expect(draft).toMatchObject({ senderNumber: ana.lid, lid: ana.lid })
  })

  test('a message by a broadcast list stands in the chat with its author', () => {
    const key = { remoteJid: '1700000000@broadcast', participant: ana.lid, participantAlt: ana.number }
    expect(normalize(text, key)?.draft).toMatchObject({
      senderNumber: ana.number,
      lid: ana.lid,
      isMessageFromGroup: false,
    })
  })

  test.each([
    ['a status broadcast', { remoteJid: 'status@broadcast', participant: ana.number }],
    ['a newsletter', { remoteJid: '120363000000000000@newsletter' }],
    ['no chat', { remoteJid: null }],
    ['no address', { remoteJid: 'ana' }],
    ['no id', { id: '' }],
  ])('%s is no event', (_, key) => {
    expect(normalize(text, key)).toBeNull()
  })
})

describe('name and time', () => {
  const draft = (changes: object) =>
    normalizeMessage({ ...makeWire(text), ...changes }, makeContext())?.draft as {
      senderName: string
      messageTimestamp: number
    }

  test('an unknown name is empty, a business has its verified name', () => {
    expect(draft({ pushName: undefined }).senderName).toBe('')
    expect(draft({ pushName: null, verifiedBizName: 'Panadería' }).senderName).toBe('Panadería')
  })

  test('broken surrogates are replaced and long names cut', () => {
    expect(draft({ pushName: 'Ana \uD83D' }).senderName).toBe('Ana \uFFFD')
    expect(draft({ pushName: 'a'.repeat(5000) }).senderName).toHaveLength(1024)
  })

  test.each([
    [1767225600, 1767225600],
    ['1767225600', 1767225600],
    [Long(0, 1767225600), 1767225600],
    [Long(0, -1), 4294967295],
    [Long(-1, -1), 0],
    [1.5, 0],
    [-1, 0],
    [Number.NaN, 0],
    [null, 0],
    [undefined, 0],
  ])('a time of %s is %i', (messageTimestamp, expected) => {
    expect(draft({ messageTimestamp }).messageTimestamp).toBe(expected)
  })
})

describe('what a message says of others', () => {
  const extended = (contextInfo: proto.IContextInfo) => ({
    extendedTextMessage: { text: 'sí', contextInfo },
  })

  test('names the quoted message, its author and its text', () => {
    const contextInfo = {
      stanzaId: '3EB05F',
      participant: ana.lid,
      quotedMessage: { ephemeralMessage: { message: { conversation: '¿Abrís hoy?' } } },
    }
    expect(normalize(extended(contextInfo), {}, knowing(ana))?.draft).toHaveProperty('quoted', {
      idMessage: '3EB05F',
      participant: ana.number,
      value: '¿Abrís hoy?',
    })
  })

  test('knows a quoted message of the account itself, and quotes a caption', () => {
    const contextInfo = {
      stanzaId: '3EB05F',
      participant: own.lid,
      quotedMessage: { imageMessage: { caption: 'La carta' } },
    }
    expect(normalize(extended(contextInfo))?.draft).toHaveProperty('quoted', {
      idMessage: '3EB05F',
      participant: own.number,
      isFromMe: true,
      value: 'La carta',
    })
  })

  test('quotes a message without text by its id', () => {
    const contextInfo = { stanzaId: '3EB05F', quotedMessage: { audioMessage: {} } }
    expect(normalize(extended(contextInfo))?.draft).toHaveProperty('quoted', { idMessage: '3EB05F' })
  })

  test('resolves the people mentioned, each once, and drops what is no address', () => {
    const contextInfo = { mentionedJid: [luis.lid, luis.number, ana.lid, 'nobody', ''] }
    expect(normalize(extended(contextInfo), {}, knowing(luis))?.draft).toHaveProperty('mentions', [
      luis.number,
      ana.lid,
    ])
  })

  test.each([{ isForwarded: true }, { forwardingScore: 3 }])('is forwarded: %o', (contextInfo) => {
    expect(normalize(extended(contextInfo))?.draft).toHaveProperty('isForwarded', true)
  })

  test('says nothing of what is not so', () => {
    const draft = normalize(extended({ isForwarded: false, mentionedJid: [] }))?.draft
    expect(Object.keys(draft ?? {}).sort()).toEqual(
      (
        'idEvent idMessage idSession isMessageFromGroup messageTimestamp messageType ' +
        'senderName senderNumber value'
      ).split(' '),
    )
  })

  test('history is marked', () => {
    expect(normalize(text, {}, { isHistory: true })?.draft).toHaveProperty('isHistory', true)
  })
})

describe('what is nobody’s message', () => {
  const { Type } = proto.Message.ProtocolMessage

  test.each<[string, proto.IMessage]>([
    ['a key for later messages', { senderKeyDistributionMessage: { groupId: group } }],
    ['a key and its context', { senderKeyDistributionMessage: {}, messageContextInfo: {} }],
    ['disappearing messages, in a direct chat', { protocolMessage: { type: Type.EPHEMERAL_SETTING } }],
    ['a request for stickers', { stickerSyncRmrMessage: {} }],
  ])('%s is no event', (_, message) => {
    expect(normalize(message)).toBeNull()
    expect(normalize({ deviceSentMessage: { message } }, { fromMe: true })).toBeNull()
  })

  test.each([
    'APP_STATE_SYNC_KEY_SHARE',
    'HISTORY_SYNC_NOTIFICATION',
    'PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE',
    'LID_MIGRATION_MAPPING_SYNC',
  ] as const)('%s is no event from the own phone, and malformed from somebody else', (wireType) => {
    const message = { protocolMessage: { type: Type[wireType] } }
    expect(normalize(message, { fromMe: true })).toBeNull()
    expect(normalize(message)?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType,
      unsupportedReason: 'malformed',
    })
  })
})

describe('what cannot be read', () => {
  const stub = (changes: object = {}) => ({ ...makeWire(null), messageStubType: 2, ...changes })

  test('is not told while it is being retried', () => {
    expect(normalizeMessage(stub(), makeContext())).toBeNull()
  })

  test.each([{ isGivenUp: true }, { isHistory: true }])('is told when no retry is to come: %o', (context) => {
    expect(normalizeMessage(stub(), makeContext(context))?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'ciphertext',
      unsupportedReason: 'undecryptable',
    })
  })

  test('is told as malformed when its bytes are no message', () => {
    expect(normalizeMessage(makeWire({}), makeContext({ isMalformed: true }))?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'none',
      unsupportedReason: 'malformed',
    })
  })

  test('waits too when only the key part of a group message was decrypted', () => {
    const message = { senderKeyDistributionMessage: { groupId: group } }
    expect(normalizeMessage(stub({ message }), makeContext())).toBeNull()
  })

  test('is told by its content when one part of two was decrypted', () => {
    expect(normalizeMessage(stub({ message: text }), makeContext())?.draft).toMatchObject({ value: 'Hola' })
  })

  test('a view-once that only the phone may open is told without content', () => {
    const wire = makeWire(null, { isViewOnce: true })
    expect(normalizeMessage(wire, makeContext())?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'viewOnceMessage',
      unsupportedReason: 'empty',
      isViewOnce: true,
    })
  })

  test('more envelopes than anybody uses are malformed', () => {
    const deep = Array.from({ length: 9 }).reduce<proto.IMessage>(
      (message) => ({ ephemeralMessage: { message } }),
      text,
    )
    expect(normalize(deep)?.draft).toMatchObject({
      wireType: 'ephemeralMessage',
      unsupportedReason: 'malformed',
    })
  })

  test('an empty envelope is told by its name', () => {
    expect(normalize({ ephemeralMessage: {} })?.draft).toMatchObject({ wireType: 'ephemeralMessage' })
  })

  test('a field of the wrong kind is malformed', () => {
    const message = { contactsArrayMessage: { contacts: [7] }, imageMessage: 5 } as never
    const wire = {
      ...makeWire(null),
      message: { extendedTextMessage: message, reactionMessage: 'x' },
    } as never
    expect(normalizeMessage(wire, makeContext())?.draft).toMatchObject({ messageType: 'conversation' })
  })

  test('a text above the limit of an event is told as too large, by its type', () => {
    expect(normalize({ conversation: 'a'.repeat(256 * 1024) })?.draft).toMatchObject({
      messageType: 'unsupportedMessage',
      wireType: 'conversation',
      unsupportedReason: 'tooLarge',
    })
    expect(normalize({ conversation: 'a'.repeat(200 * 1024) })?.draft.messageType).toBe('conversation')
  })

  test('the limit holds for what the text quotes, and for its bytes, not its characters', () => {
    const quotedMessage = { conversation: '€'.repeat(100 * 1024) }
    const contextInfo = { stanzaId: 'A', quotedMessage }
    expect(normalize({ extendedTextMessage: { text: 'sí', contextInfo } })?.draft).toMatchObject({
      unsupportedReason: 'tooLarge',
    })
  })
})
