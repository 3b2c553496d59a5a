import { createHash } from 'node:crypto'
import type { Content } from '../whatsapp/content.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { SentMessage } from '../whatsapp/person.ts'
import { samples } from '../whatsapp/samples.ts'

/** What somebody sends, and the fields that its event must have for it. */
export interface MessageCase {
  title: string
  content: Content
  fields: Record<string, unknown> & { messageType: string }
  /** The file that must be stored. */
  file?: Uint8Array
}

const withFile = (file: Uint8Array, fields: MessageCase['fields']): Pick<MessageCase, 'fields' | 'file'> => ({
  file,
  fields: {
    caption: '',
    fileStatus: 'stored',
    fileSize: file.byteLength,
    sha256: createHash('sha256').update(file).digest('hex'),
    ...fields,
  },
})

/** The seven types of messages of the customer's document. */
export const messageCases: MessageCase[] = [
  {
    title: 'a text',
    content: { text: 'Hello, is the shop open today? 🙂' },
    fields: { messageType: 'conversation', value: 'Hello, is the shop open today? 🙂' },
  },
  {
    title: 'an image with a caption',
    content: { image: true, caption: 'Do you have this one?' },
    ...withFile(samples.jpeg, {
      messageType: 'imageMessage',
      mimetype: 'image/jpeg',
      caption: 'Do you have this one?',
    }),
  },
  {
    title: 'a voice note',
    content: { audio: true, voiceNote: true, seconds: 2 },
    ...withFile(samples.ogg, {
      messageType: 'audioMessage',
      mimetype: 'audio/ogg; codecs=opus',
      isVoiceNote: true,
      seconds: 2,
    }),
  },
  {
    title: 'a sticker',
    content: { sticker: true },
    ...withFile(samples.webp, { messageType: 'stickerMessage', mimetype: 'image/webp' }),
  },
  {
    title: 'a document with a caption',
    content: { document: true, fileName: 'order.pdf', caption: 'My order' },
    ...withFile(samples.pdf, {
      messageType: 'documentMessage',
      mimetype: 'application/pdf',
      fileName: 'order.pdf',
      caption: 'My order',
    }),
  },
  {
    title: 'a video',
    content: { video: true, caption: 'How it works' },
    ...withFile(samples.mp4, {
      messageType: 'videoMessage',
      mimetype: 'video/mp4',
      caption: 'How it works',
      seconds: 3,
    }),
  },
  {
    title: 'a contact',
    content: { contact: { name: 'Luis Pérez', number: '34600333444' } },
    fields: { messageType: 'contactMessage' },
  },
]

/** What everything that a contact wrote carries, in a direct chat or in a group. */
export function senderFields(from: Contact, sent: SentMessage, group?: Group): Record<string, unknown> {
  const author = from.knownJid ?? from.lidJid
  return {
    idMessage: sent.id,
    messageTimestamp: sent.timestamp,
    senderName: from.name,
    senderNumber: group ? group.jid : author,
    isMessageFromGroup: group !== undefined,
    participant: group ? author : undefined,
    lid: from.lidJid,
  }
}
