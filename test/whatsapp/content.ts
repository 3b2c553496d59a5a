import { type MediaType, proto } from 'baileys'
import { samples } from './samples.ts'
import type { MediaHost } from './media-host.ts'
import { rawPlaintext } from './plaintext.ts'

/** A message that the sender or somebody else wrote before: what a reaction, an edit or a quote is about. */
export interface Target {
  id: string
  /** JID of the chat as the sender's phone knows it; filled in by the sender when absent. */
  remoteJid?: string
  participant?: string
  fromMe?: boolean
}

interface Common {
  quoted?: Target & { text?: string; message?: proto.IMessage }
  mentions?: string[]
  forwarded?: boolean
}

export interface ContactCard {
  name: string
  number?: string
  vcard?: string
}

/**
 * What a person may send; media default to small real samples. `raw` is anything else that WhatsApp's protobuf can
 * say, `plaintext` what it cannot: the bytes that are encrypted, padding included.
 */
export type Content =
  | ({ text: string } & Common)
  | ({ image: Uint8Array | true; caption?: string; mimetype?: string } & Common)
  | ({ video: Uint8Array | true; caption?: string; gif?: boolean; note?: boolean } & Common)
  | ({ audio: Uint8Array | true; voiceNote?: boolean; seconds?: number } & Common)
  | ({ sticker: Uint8Array | true; animated?: boolean } & Common)
  | ({ document: Uint8Array | true; fileName?: string; mimetype?: string; caption?: string } & Common)
  | ({ contact: ContactCard } & Common)
  | ({ contacts: ContactCard[] } & Common)
  | ({
      location: { latitude: number; longitude: number; name?: string; address?: string; live?: boolean }
    } & Common)
  | ({ poll: { question: string; options: string[]; selectable?: number } } & Common)
  | { reaction: string; target: Target }
  | { edit: string; target: Target }
  | { revoke: Target }
  | { raw: proto.IMessage }
  | { plaintext: Uint8Array }

export type Wrapper =
  | 'ephemeral'
  | 'viewOnce'
  | 'viewOnceV2'
  | 'viewOnceV2Extension'
  | 'documentWithCaption'
  | 'edited'

const wrapperFields = {
  ephemeral: 'ephemeralMessage',
  viewOnce: 'viewOnceMessage',
  viewOnceV2: 'viewOnceMessageV2',
  viewOnceV2Extension: 'viewOnceMessageV2Extension',
  documentWithCaption: 'documentWithCaptionMessage',
  edited: 'editedMessage',
} as const satisfies Record<Wrapper, keyof proto.IMessage>

/** Puts a message into the envelopes that WhatsApp uses; the first named is the outermost. */
export function wrap(message: proto.IMessage, wrappers: Wrapper[]): proto.IMessage {
  return wrappers.reduceRight<proto.IMessage>(
    (inner, wrapper) => ({ [wrapperFields[wrapper]]: { message: inner } }),
    message,
  )
}

function contextOf(content: Common, chatJid: string): { contextInfo?: proto.IContextInfo } {
  const { quoted, mentions, forwarded } = content
  if (!quoted && !mentions && !forwarded) return {}
  return {
    contextInfo: {
      ...(quoted && {
        stanzaId: quoted.id,
        participant: quoted.participant ?? quoted.remoteJid ?? chatJid,
        quotedMessage: quoted.message ?? { conversation: quoted.text ?? '' },
      }),
      ...(mentions && { mentionedJid: mentions }),
      ...(forwarded && { isForwarded: true, forwardingScore: 1 }),
    },
  }
}

export function vcardOf({ name, number, vcard }: ContactCard): string {
  if (vcard) return vcard
  const telephone = number ? `\nTEL;type=CELL;type=VOICE;waid=${number}:+${number}` : ''
  return `BEGIN:VCARD\nVERSION:3.0\nN:;${name};;;\nFN:${name}${telephone}\nEND:VCARD`
}

const card = (contact: ContactCard) => ({ displayName: contact.name, vcard: vcardOf(contact) })

const bytes = (given: Uint8Array | true, sample: Uint8Array) => (given === true ? sample : given)

function keyOf(target: Target, chatJid: string): proto.IMessageKey {
  return {
    id: target.id,
    remoteJid: target.remoteJid ?? chatJid,
    fromMe: target.fromMe ?? false,
    ...(target.participant && { participant: target.participant }),
  }
}

/** Turns content into WhatsApp's protobuf, its file (if any) encrypted on the media host. */
export async function encodeContent(
  content: Content,
  host: MediaHost,
  chatJid: string,
): Promise<proto.IMessage> {
  const store = (file: Uint8Array, type: MediaType) => host.store(file, type)
  if ('raw' in content) return content.raw
  if ('plaintext' in content) return rawPlaintext(content.plaintext)
  if ('reaction' in content)
    return {
      reactionMessage: {
        key: keyOf(content.target, chatJid),
        text: content.reaction,
        senderTimestampMs: Date.now(),
      },
    }
  if ('edit' in content)
    return {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
        key: keyOf(content.target, chatJid),
        editedMessage: { conversation: content.edit },
        timestampMs: Date.now(),
      },
    }
  if ('revoke' in content)
    return {
      protocolMessage: {
        type: proto.Message.ProtocolMessage.Type.REVOKE,
        key: keyOf(content.revoke, chatJid),
      },
    }
  const context = contextOf(content, chatJid)
  if ('text' in content)
    return context.contextInfo
      ? { extendedTextMessage: { text: content.text, ...context } }
      : { conversation: content.text }
  if ('image' in content) {
    const media = await store(bytes(content.image, samples.jpeg), 'image')
    const { caption, mimetype = 'image/jpeg' } = content
    return {
      imageMessage: { ...media, mimetype, ...(caption && { caption }), width: 2, height: 2, ...context },
    }
  }
  if ('video' in content) {
    const media = await store(bytes(content.video, samples.mp4), 'video')
    const { caption, gif, note } = content
    const video = { ...media, mimetype: 'video/mp4', seconds: 3, width: 640, height: 480, ...context }
    if (note) return { ptvMessage: video }
    return { videoMessage: { ...video, ...(caption && { caption }), ...(gif && { gifPlayback: true }) } }
  }
  if ('audio' in content) {
    const media = await store(bytes(content.audio, samples.ogg), 'audio')
    const { voiceNote = false, seconds = 2 } = content
    const mimetype = voiceNote ? 'audio/ogg; codecs=opus' : 'audio/ogg'
    return { audioMessage: { ...media, mimetype, seconds, ptt: voiceNote, ...context } }
  }
  if ('sticker' in content) {
    const media = await store(bytes(content.sticker, samples.webp), 'sticker')
    const isAnimated = content.animated ?? false
    return {
      stickerMessage: { ...media, mimetype: 'image/webp', width: 512, height: 512, isAnimated, ...context },
    }
  }
  if ('document' in content) {
    const media = await store(bytes(content.document, samples.pdf), 'document')
    const { caption, fileName = 'document.pdf', mimetype = 'application/pdf' } = content
    const document = {
      ...media,
      mimetype,
      fileName,
      title: fileName,
      ...(caption && { caption }),
      ...context,
    }
    return caption
      ? wrap({ documentMessage: document }, ['documentWithCaption'])
      : { documentMessage: document }
  }
  if ('contact' in content) return { contactMessage: { ...card(content.contact), ...context } }
  if ('contacts' in content)
    return {
      contactsArrayMessage: {
        displayName: `${content.contacts.length} contacts`,
        contacts: content.contacts.map(card),
        ...context,
      },
    }
  if ('location' in content) {
    const { latitude, longitude, name, address, live } = content.location
    const place = { degreesLatitude: latitude, degreesLongitude: longitude, ...context }
    if (live) return { liveLocationMessage: place }
    return { locationMessage: { ...place, ...(name && { name }), ...(address && { address }) } }
  }
  const { question, options, selectable = 1 } = content.poll
  return {
    messageContextInfo: { messageSecret: crypto.getRandomValues(new Uint8Array(32)) },
    pollCreationMessageV3: {
      name: question,
      options: options.map((optionName) => ({ optionName })),
      selectableOptionsCount: selectable,
      ...context,
    },
  }
}
