import { samples } from '../whatsapp/samples.ts'

/** A message that one session of the installation sends another, and what the event at the other side must say. */
export interface ConversationCase {
  title: string
  message: Record<string, unknown> & { messageType: string }
  file?: { bytes: Buffer; mimetype: string }
  event: Record<string, unknown>
}

/** What the two wrote before, for answers and for what is about another message. */
export interface Before {
  /** The sender's own message, and the sender's number. */
  ours: string
  self: string
  /** The recipient's message, and the recipient's number. */
  theirs: string
  peer: string
}

const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Luis Pérez\nTEL;waid=34600333444:+34 600 333 444\nEND:VCARD'
const luis = { displayName: 'Luis Pérez', vcard }
const place = { latitude: 40.4168, longitude: -3.7038, name: 'Sol', address: 'Madrid' }
const jpeg = { bytes: samples.jpeg, mimetype: 'image/jpeg' }
const mp4 = { bytes: samples.mp4, mimetype: 'video/mp4' }
const ogg = { bytes: samples.ogg, mimetype: 'audio/ogg' }

/** One message or more of each type; the fields of `same` stand in the message and in its event alike. */
export function conversationCases({ ours, self, theirs, peer }: Before): ConversationCase[] {
  const each = (
    title: string,
    messageType: string,
    same: Record<string, unknown>,
    more: Partial<ConversationCase> = {},
  ): ConversationCase => ({
    title,
    ...more,
    message: { messageType, ...same, ...more.message },
    event: { messageType, ...same, ...more.event },
  })
  const quoted = { idMessage: theirs, participant: peer, value: 'Open?' }
  return [
    each('a text', 'conversation', { value: 'We are open 🙂', mentions: [peer] }),
    each(
      'an answer',
      'conversation',
      { value: 'Yes', isForwarded: true },
      {
        message: { messageType: 'conversation', quoted },
        event: { quoted: { ...quoted, isFromMe: true } },
      },
    ),
    each('a picture', 'imageMessage', { caption: 'This one', width: 2, height: 2 }, { file: jpeg }),
    each('a picture to be viewed once', 'imageMessage', { isViewOnce: true }, { file: jpeg }),
    each('a video', 'videoMessage', { caption: 'How', seconds: 3 }, { file: mp4 }),
    each('a GIF', 'videoMessage', { isAnimated: true }, { file: mp4 }),
    each('a round video', 'videoMessage', { isVideoNote: true, seconds: 3 }, { file: mp4 }),
    each('a sound', 'audioMessage', {}, { file: ogg }),
    each('a voice note', 'audioMessage', { isVoiceNote: true, seconds: 2 }, { file: ogg }),
    each('a sticker', 'stickerMessage', {}, { file: { bytes: samples.webp, mimetype: 'image/webp' } }),
    each(
      'a document',
      'documentMessage',
      { fileName: 'order.pdf', caption: 'Your order' },
      {
        file: { bytes: samples.pdf, mimetype: 'application/pdf' },
      },
    ),
    each(
      'a contact',
      'contactMessage',
      {},
      {
        message: { messageType: 'contactMessage', contacts: [luis] },
        event: { contacts: [{ ...luis, numbers: ['34600333444'] }] },
      },
    ),
    each(
      'two contacts',
      'contactMessage',
      {},
      {
        message: { messageType: 'contactMessage', contacts: [luis, { displayName: 'Eva', vcard }] },
        event: { contacts: [luis, { displayName: 'Eva', vcard }] },
      },
    ),
    each('a place', 'locationMessage', place),
    each('a poll', 'pollCreationMessage', {
      value: 'When?',
      options: ['Monday', 'Tuesday'],
      selectableCount: 1,
    }),
    each(
      'a reaction',
      'reactionMessage',
      { value: '👍' },
      {
        message: { messageType: 'reactionMessage', targetMessage: { idMessage: theirs, participant: peer } },
        event: { targetMessage: { idMessage: theirs, participant: peer, isFromMe: true } },
      },
    ),
    each(
      'an edit',
      'editedMessage',
      { value: 'We are closed' },
      {
        message: { messageType: 'editedMessage', targetMessage: { idMessage: ours } },
        event: { targetMessage: { idMessage: ours, participant: self } },
      },
    ),
    each(
      'a revocation',
      'revokedMessage',
      {},
      {
        message: { messageType: 'revokedMessage', targetMessage: { idMessage: ours } },
        event: { targetMessage: { idMessage: ours, participant: self } },
      },
    ),
  ]
}
