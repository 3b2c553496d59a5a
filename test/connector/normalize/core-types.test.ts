import { describe, expect, test } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import type { proto } from '../../../connector/baileys.ts'
import { idEventIn, idMessage, makeIdFile, normalize, stands, timestamp } from './builders.ts'

const mediaKey = Buffer.alloc(32, 1)
const fileSha256 = Buffer.alloc(32, 2)
const fileEncSha256 = Buffer.alloc(32, 3)
const file = {
  url: 'https://mmg.whatsapp.net/v/t62.7118-24/1.enc?ccb=11-4',
  directPath: '/v/t62.7118-24/1.enc?ccb=11-4',
  mediaKey,
  fileSha256,
  fileEncSha256,
  fileLength: 48_213,
}
const stored = { fileStatus: 'stored', fileSize: 48_213, sha256: '02'.repeat(32) }
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Luis\nTEL;type=CELL;waid=34600333444:+34 600 333 444\nEND:VCARD'
const card = { displayName: 'Luis', vcard, numbers: ['34600333444'] }

interface Sample {
  name: string
  message: proto.IMessage
  messageType: string
  fields: Record<string, unknown>
  mediaType?: string
}

const samples: Sample[] = [
  { name: 'text', message: { conversation: 'Hola' }, messageType: 'conversation', fields: { value: 'Hola' } },
  {
    name: 'extended text',
    message: { extendedTextMessage: { text: 'Hola https://example.com' } },
    messageType: 'conversation',
    fields: { value: 'Hola https://example.com' },
  },
  {
    name: 'image',
    message: {
      imageMessage: { ...file, mimetype: 'image/png', caption: 'Factura', width: 1280, height: 960 },
    },
    messageType: 'imageMessage',
    fields: { ...stored, mimetype: 'image/png', caption: 'Factura', width: 1280, height: 960 },
    mediaType: 'image',
  },
  {
    name: 'voice note',
    message: { audioMessage: { ...file, mimetype: 'audio/ogg; codecs=opus', seconds: 7, ptt: true } },
    messageType: 'audioMessage',
    fields: { ...stored, mimetype: 'audio/ogg; codecs=opus', caption: '', seconds: 7, isVoiceNote: true },
    mediaType: 'audio',
  },
  {
    name: 'audio file',
    message: { audioMessage: { ...file, mimetype: 'audio/mp4', seconds: 0 } },
    messageType: 'audioMessage',
    fields: { ...stored, mimetype: 'audio/mp4', caption: '', seconds: 0 },
    mediaType: 'audio',
  },
  {
    name: 'sticker',
    message: {
      stickerMessage: { ...file, mimetype: 'image/webp', width: 512, height: 512, isAnimated: true },
    },
    messageType: 'stickerMessage',
    fields: { ...stored, mimetype: 'image/webp', caption: '', width: 512, height: 512, isAnimated: true },
    mediaType: 'sticker',
  },
  {
    name: 'document',
    message: { documentMessage: { ...file, mimetype: 'application/pdf', fileName: 'contrato.pdf' } },
    messageType: 'documentMessage',
    fields: { ...stored, mimetype: 'application/pdf', caption: '', fileName: 'contrato.pdf' },
    mediaType: 'document',
  },
  {
    name: 'document with a title and no name or type',
    message: { documentMessage: { ...file, title: 'contrato' } },
    messageType: 'documentMessage',
    fields: { ...stored, mimetype: 'application/octet-stream', caption: '', fileName: 'contrato' },
    mediaType: 'document',
  },
  {
    name: 'video',
    message: {
      videoMessage: {
        ...file,
        mimetype: 'video/mp4',
        caption: 'Así',
        seconds: 12,
        width: 848,
        height: 480,
      },
    },
    messageType: 'videoMessage',
    fields: { ...stored, mimetype: 'video/mp4', caption: 'Así', seconds: 12, width: 848, height: 480 },
    mediaType: 'video',
  },
  {
    name: 'GIF',
    message: { videoMessage: { ...file, mimetype: 'video/mp4', gifPlayback: true } },
    messageType: 'videoMessage',
    fields: { ...stored, mimetype: 'video/mp4', caption: '', isAnimated: true },
    mediaType: 'video',
  },
  {
    name: 'round video note',
    message: { ptvMessage: { ...file, mimetype: 'video/mp4', seconds: 3 } },
    messageType: 'videoMessage',
    fields: { ...stored, mimetype: 'video/mp4', caption: '', seconds: 3, isVideoNote: true },
    mediaType: 'video',
  },
  {
    name: 'contact',
    message: { contactMessage: { displayName: 'Luis', vcard } },
    messageType: 'contactMessage',
    fields: { contacts: [card] },
  },
  {
    name: 'several contacts',
    message: { contactsArrayMessage: { displayName: '2 contacts', contacts: [{ vcard }, { vcard }] } },
    messageType: 'contactMessage',
    fields: { contacts: [card, card] },
  },
]

interface Envelope {
  name: string
  put(message: proto.IMessage): proto.IMessage
  fields?: Record<string, unknown>
}

const once = { isViewOnce: true }
const envelopes: Envelope[] = [
  { name: 'bare', put: (message) => message },
  { name: 'ephemeral', put: (message) => ({ ephemeralMessage: { message } }) },
  { name: 'view-once', put: (message) => ({ viewOnceMessage: { message } }), fields: once },
  { name: 'view-once v2', put: (message) => ({ viewOnceMessageV2: { message } }), fields: once },
  {
    name: 'view-once v2 extension',
    put: (message) => ({ viewOnceMessageV2Extension: { message } }),
    fields: once,
  },
  { name: 'document-with-caption', put: (message) => ({ documentWithCaptionMessage: { message } }) },
  { name: 'edited', put: (message) => ({ editedMessage: { message } }) },
  { name: 'device-sent', put: (message) => ({ deviceSentMessage: { destinationJid: 'x', message } }) },
  { name: 'group-mentioned', put: (message) => ({ groupMentionedMessage: { message } }) },
  { name: 'bot-invoke', put: (message) => ({ botInvokeMessage: { message } }) },
  { name: 'album child', put: (message) => ({ associatedChildMessage: { message } }) },
  {
    name: 'device-sent, ephemeral, view-once and document-with-caption',
    put: (message) => ({
      deviceSentMessage: {
        message: {
          ephemeralMessage: {
            message: { viewOnceMessageV2: { message: { documentWithCaptionMessage: { message } } } },
          },
        },
      },
    }),
    fields: once,
  },
  {
    name: 'beside keys and context',
    put: (message) => ({
      senderKeyDistributionMessage: { groupId: 'x' },
      messageContextInfo: { messageSecret: Buffer.alloc(32) },
      ...message,
    }),
  },
]

describe.each(samples)('$name', ({ message, messageType, fields, mediaType }) => {
  test.each(stands)('$name, in every envelope', ({ key, context, wireChat, wireSender, common }) => {
    const idEvent = idEventIn(wireChat, wireSender)
    const idFile = mediaType === undefined ? {} : { idFile: makeIdFile(idEvent) }
    for (const envelope of envelopes) {
      const normalized = normalize(envelope.put(message), key, context)
      expect(normalized?.draft, envelope.name).toStrictEqual({
        idSession: 'support',
        messageType,
        idEvent,
        messageTimestamp: timestamp,
        idMessage,
        ...common,
        ...fields,
        ...idFile,
        ...envelope.fields,
      })
      expect(EventDraft.safeParse(normalized?.draft).error, envelope.name).toBeUndefined()
      expect(normalized?.media?.mediaType, envelope.name).toBe(mediaType)
    }
  })
})

test('a file says where and how it is to be had, as plain JSON', () => {
  const message = { documentMessage: { ...file, mimetype: 'application/pdf', fileName: 'contrato.pdf' } }
  const normalized = normalize(message, { remoteJid: '120363041234567890@g.us', participant: '1:5@lid' })
  const expected = {
    mediaType: 'document',
    url: file.url,
    directPath: file.directPath,
    mediaKey: mediaKey.toString('base64'),
    fileEncSha256: fileEncSha256.toString('base64'),
    fileSha256: '02'.repeat(32),
    fileLength: 48_213,
    mimetype: 'application/pdf',
    fileName: 'contrato.pdf',
    key: { remoteJid: '120363041234567890@g.us', fromMe: false, id: idMessage, participant: '1@lid' },
  }
  expect(normalized?.media).toStrictEqual(expected)
  expect(JSON.parse(JSON.stringify(normalized?.media))).toStrictEqual(expected)
})

test.each([
  ['no key', { url: file.url }],
  ['a key of the wrong length', { url: file.url, mediaKey: Buffer.alloc(31) }],
  ['no address', { mediaKey }],
])('a file with %s is unavailable from the start', (_, imageMessage) => {
  const normalized = normalize({ imageMessage: { ...imageMessage, fileSha256, fileLength: 5 } })
  expect(normalized?.draft).toMatchObject({
    messageType: 'imageMessage',
    fileStatus: 'unavailable',
    fileError: expect.stringContaining('does not say where its file is'),
    mimetype: 'image/jpeg',
    caption: '',
  })
  expect(normalized?.draft).not.toHaveProperty('sha256')
  expect(normalized?.draft).not.toHaveProperty('fileSize')
  expect(normalized?.media).toBeUndefined()
})

test('view-once may stand on the file itself', () => {
  expect(normalize({ imageMessage: { ...file, viewOnce: true } })?.draft).toMatchObject({ isViewOnce: true })
})
