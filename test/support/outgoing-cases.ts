import type { proto } from 'baileys'
import { samples } from '../whatsapp/samples.ts'

type Media = 'image' | 'video' | 'audio' | 'document' | 'sticker'

/** A message for the API, and what the recipient's phone must read in it. */
export interface OutgoingCase {
  title: string
  /** `to` and, where there is a file, `idFile` are put in. */
  message: Record<string, unknown> & { messageType: string }
  file?: { bytes: Buffer; mimetype: string; kind: Media }
  /** The part of the decrypted message that says it, and its fields. */
  read(message: proto.IMessage): object | null | undefined
  fields: Record<string, unknown>
}

const jpeg = { bytes: samples.jpeg, mimetype: 'image/jpeg', kind: 'image' as const }
const mp4 = { bytes: samples.mp4, mimetype: 'video/mp4', kind: 'video' as const }
const ogg = { bytes: samples.ogg, mimetype: 'audio/ogg', kind: 'audio' as const }
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Luis Pérez\nTEL;waid=34600333444:+34 600 333 444\nEND:VCARD'
const theirs = { idMessage: '3EB0THEIRS' }

/** One message or more of each type. */
export const outgoingCases: OutgoingCase[] = [
  {
    title: 'a text',
    message: {
      messageType: 'conversation',
      value: 'We are open 🙂',
      mentions: ['34600111222@s.whatsapp.net'],
    },
    read: (message) => message.extendedTextMessage,
    fields: { text: 'We are open 🙂', contextInfo: { mentionedJid: ['34600111222@s.whatsapp.net'] } },
  },
  {
    title: 'a forwarded text that quotes',
    message: {
      messageType: 'conversation',
      value: 'Yes',
      isForwarded: true,
      quoted: { ...theirs, participant: '34600111222@s.whatsapp.net', value: 'Open?' },
    },
    read: (message) => message.extendedTextMessage,
    fields: {
      text: 'Yes',
      contextInfo: { stanzaId: '3EB0THEIRS', quotedMessage: { conversation: 'Open?' }, isForwarded: true },
    },
  },
  {
    title: 'a text with the preview of a link',
    message: {
      messageType: 'conversation',
      value: 'See https://shop.example/summer for all of it',
      linkPreview: {
        url: 'https://shop.example/summer',
        title: 'Summer',
        description: 'Everything must go',
      },
    },
    read: (message) => message.extendedTextMessage,
    fields: {
      text: 'See https://shop.example/summer for all of it',
      matchedText: 'https://shop.example/summer',
      title: 'Summer',
      description: 'Everything must go',
    },
  },
  {
    title: 'a picture',
    message: { messageType: 'imageMessage', caption: 'This one', width: 2, height: 2, quoted: theirs },
    file: jpeg,
    read: (message) => message.imageMessage,
    fields: {
      caption: 'This one',
      mimetype: 'image/jpeg',
      width: 2,
      contextInfo: { stanzaId: '3EB0THEIRS' },
    },
  },
  {
    title: 'a picture to be viewed once',
    message: { messageType: 'imageMessage', isViewOnce: true },
    file: jpeg,
    read: (message) => message.viewOnceMessage?.message?.imageMessage,
    fields: { viewOnce: true, mimetype: 'image/jpeg' },
  },
  {
    title: 'a video',
    message: { messageType: 'videoMessage', caption: 'How', seconds: 3 },
    file: mp4,
    read: (message) => message.videoMessage,
    fields: { caption: 'How', seconds: 3, mimetype: 'video/mp4' },
  },
  {
    title: 'a GIF',
    message: { messageType: 'videoMessage', isAnimated: true },
    file: mp4,
    read: (message) => message.videoMessage,
    fields: { gifPlayback: true },
  },
  {
    title: 'a round video note',
    message: { messageType: 'videoMessage', isVideoNote: true, seconds: 3 },
    file: mp4,
    read: (message) => message.ptvMessage,
    fields: { seconds: 3, mimetype: 'video/mp4' },
  },
  {
    title: 'a sound',
    message: { messageType: 'audioMessage', mimetype: 'audio/mpeg' },
    file: ogg,
    read: (message) => message.audioMessage,
    fields: { ptt: false, mimetype: 'audio/mpeg' },
  },
  {
    title: 'a voice note',
    message: { messageType: 'audioMessage', isVoiceNote: true, seconds: 2 },
    file: ogg,
    read: (message) => message.audioMessage,
    fields: { ptt: true, seconds: 2, mimetype: 'audio/ogg; codecs=opus' },
  },
  {
    title: 'a sticker',
    message: { messageType: 'stickerMessage', isAnimated: false },
    file: { bytes: samples.webp, mimetype: 'image/webp', kind: 'sticker' },
    read: (message) => message.stickerMessage,
    fields: { mimetype: 'image/webp' },
  },
  {
    title: 'a document',
    message: { messageType: 'documentMessage', fileName: 'order.pdf', caption: 'Your order' },
    file: { bytes: samples.pdf, mimetype: 'application/pdf', kind: 'document' },
    read: (message) =>
      message.documentWithCaptionMessage?.message?.documentMessage ?? message.documentMessage,
    fields: { fileName: 'order.pdf', caption: 'Your order', mimetype: 'application/pdf' },
  },
  {
    title: 'a contact',
    message: { messageType: 'contactMessage', contacts: [{ displayName: 'Luis Pérez', vcard }] },
    read: (message) => message.contactMessage,
    fields: { displayName: 'Luis Pérez', vcard },
  },
  {
    title: 'two contacts',
    message: {
      messageType: 'contactMessage',
      contacts: [
        { displayName: 'Luis', vcard },
        { displayName: 'Eva', vcard },
      ],
    },
    read: (message) => message.contactsArrayMessage,
    fields: { contacts: [{ displayName: 'Luis' }, { displayName: 'Eva' }] },
  },
  {
    title: 'a place',
    message: { messageType: 'locationMessage', latitude: 40.4168, longitude: -3.7038, name: 'Sol' },
    read: (message) => message.locationMessage,
    fields: { degreesLatitude: 40.4168, degreesLongitude: -3.7038, name: 'Sol' },
  },
  {
    title: 'a poll with one answer',
    message: {
      messageType: 'pollCreationMessage',
      value: 'When?',
      options: ['Monday', 'Tuesday'],
      selectableCount: 1,
    },
    read: (message) => message.pollCreationMessageV3,
    fields: {
      name: 'When?',
      options: [{ optionName: 'Monday' }, { optionName: 'Tuesday' }],
      selectableOptionsCount: 1,
    },
  },
  {
    title: 'a poll with many answers',
    message: {
      messageType: 'pollCreationMessage',
      value: 'When?',
      options: ['Monday', 'Tuesday'],
      selectableCount: 0,
    },
    read: (message) => message.pollCreationMessage,
    fields: { name: 'When?' },
  },
  {
    title: 'a reaction',
    message: {
      messageType: 'reactionMessage',
      value: '👍',
      targetMessage: { ...theirs, participant: '34600111222@s.whatsapp.net' },
    },
    read: (message) => message.reactionMessage,
    fields: { text: '👍', key: { id: '3EB0THEIRS', fromMe: false } },
  },
  {
    title: 'an edit',
    message: {
      messageType: 'editedMessage',
      value: 'We are closed',
      targetMessage: { idMessage: '3EB0OURS' },
    },
    read: (message) => message.protocolMessage ?? message.editedMessage?.message?.protocolMessage,
    fields: {
      key: { id: '3EB0OURS', fromMe: true },
      editedMessage: { extendedTextMessage: { text: 'We are closed' } },
    },
  },
  {
    title: 'a revocation',
    message: { messageType: 'revokedMessage', targetMessage: { idMessage: '3EB0OURS' } },
    read: (message) => message.protocolMessage,
    fields: { key: { id: '3EB0OURS', fromMe: true } },
  },
]
