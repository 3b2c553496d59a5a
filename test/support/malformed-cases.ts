import { proto } from 'baileys'
import { encodeContent, type Content } from '../whatsapp/content.ts'
import type { MediaHost, StoredMedia } from '../whatsapp/media-host.ts'
import type { SendOptions } from '../whatsapp/person.ts'
import { envelopes, garbled, pad, seededRandom, wrapDeeply } from './garble.ts'

/** A message that no phone would send, and what its event must say; any event will do where nothing is said. */
export interface MalformedCase {
  title: string
  content: Content
  options?: SendOptions
  fields?: Record<string, unknown>
}

const target = { id: '3EB0TARGET' }
const mebibyte = 1024 * 1024
const tooLarge = { messageType: 'unsupportedMessage', unsupportedReason: 'tooLarge' }
const malformed = { messageType: 'unsupportedMessage', unsupportedReason: 'malformed' }
const unavailable = { fileStatus: 'unavailable' }

/** One right message of each type, to be spoilt. */
const rightOnes: Record<string, Content> = {
  text: { text: 'Hello, is the shop open today?' },
  'quoting text': {
    text: 'Yes',
    quoted: { ...target, text: 'Open?' },
    mentions: ['34600333444@s.whatsapp.net'],
  },
  image: { image: true, caption: 'Look' },
  video: { video: true, caption: 'Look' },
  'round video': { video: true, note: true },
  audio: { audio: true, voiceNote: true },
  sticker: { sticker: true },
  document: { document: true, fileName: 'order.pdf', caption: 'My order' },
  contact: { contact: { name: 'Luis', number: '34600333444' } },
  contacts: { contacts: [{ name: 'Luis', number: '34600333444' }, { name: 'Eva' }] },
  place: { location: { latitude: 40.4, longitude: -3.7, name: 'Sol', address: 'Madrid' } },
  'live place': { location: { latitude: 40.4, longitude: -3.7, live: true } },
  poll: { poll: { question: 'When?', options: ['Monday', 'Tuesday'] } },
  vote: {
    raw: {
      pollUpdateMessage: {
        pollCreationMessageKey: target,
        vote: { encPayload: Buffer.alloc(48, 7), encIv: Buffer.alloc(12, 7) },
      },
    },
  },
  reaction: { reaction: '👍', target },
  edit: { edit: 'New text', target },
  revocation: { revoke: target },
  'buttons response': {
    raw: { buttonsResponseMessage: { selectedButtonId: 'a', selectedDisplayText: 'A' } },
  },
  'template reply': { raw: { templateButtonReplyMessage: { selectedId: 'a', selectedDisplayText: 'A' } } },
  'interactive response': {
    raw: {
      interactiveResponseMessage: { nativeFlowResponseMessage: { name: 'flow', paramsJson: '{"a":1}' } },
    },
  },
  'list response': {
    raw: { listResponseMessage: { title: 'A', singleSelectReply: { selectedRowId: 'a' } } },
  },
  'unknown type': { raw: { eventMessage: { name: 'Party' } } },
}

/** The field of each type with nothing in it. */
const emptyOnes = `
  extendedTextMessage imageMessage videoMessage ptvMessage audioMessage stickerMessage documentMessage
  contactMessage contactsArrayMessage locationMessage liveLocationMessage pollCreationMessage
  pollCreationMessageV3 pollUpdateMessage reactionMessage buttonsResponseMessage
  templateButtonReplyMessage interactiveResponseMessage listResponseMessage protocolMessage
  ephemeralMessage viewOnceMessageV2 editedMessage encReactionMessage eventMessage`
  .trim()
  .split(/\s+/)

/** Malformed messages of every type, the same at each call. */
export async function makeMalformedCases(host: MediaHost, seed: number): Promise<MalformedCase[]> {
  const random = seededRandom(seed)
  const spoilt: MalformedCase[] = []
  for (const [name, content] of Object.entries(rightOnes)) {
    const message = await encodeContent(content, host, '34911000001@s.whatsapp.net')
    const bytes = proto.Message.encode(proto.Message.fromObject(message)).finish()
    for (const kind of ['flip', 'insert', 'swap'] as const)
      spoilt.push({
        title: `${name}: bytes ${kind}`,
        content: { plaintext: pad(garbled(bytes, kind, random)) },
      })
    spoilt.push({
      title: `${name}: cut short`,
      content: { plaintext: pad(bytes.subarray(0, -3)) },
      fields: malformed,
    })
  }
  const empty = emptyOnes.map((field) => ({ title: `${field}: empty`, content: { raw: { [field]: {} } } }))
  return [...spoilt, ...empty, ...makeHugeCases(), ...strange(), ...(await lying(host))]
}

/** Messages of up to 10 MiB. */
export function makeHugeCases(): MalformedCase[] {
  const photo = 'A'.repeat(10 * mebibyte)
  const vcard = `BEGIN:VCARD\nVERSION:3.0\nFN:Luis\nPHOTO;ENCODING=b:${photo}\nTEL:+34600333444\nEND:VCARD`
  const options = Array.from({ length: 5000 }, (_, index) => ({ optionName: `${index}`.repeat(50) }))
  const mentionedJid = Array.from({ length: 50_000 }, (_, index) => `34600${index}@s.whatsapp.net`)
  return [
    { title: 'a text of 4 MiB', content: { text: '🙂'.repeat(mebibyte) }, fields: tooLarge },
    { title: 'a vCard of 10 MiB', content: { contact: { name: 'Luis', vcard } }, fields: tooLarge },
    {
      title: 'a poll with 5,000 long answers',
      content: { raw: { pollCreationMessage: { name: '?', options } } },
    },
    {
      title: '50,000 mentions',
      content: { raw: { extendedTextMessage: { text: 'all', contextInfo: { mentionedJid } } } },
      fields: { messageType: 'conversation', value: 'all' },
    },
    {
      title: 'a reaction of 1 MiB',
      content: { reaction: 'x'.repeat(mebibyte), target },
      fields: { messageType: 'reactionMessage' },
    },
  ]
}

function strange(): MalformedCase[] {
  const { Type } = proto.Message.ProtocolMessage
  const quotes = (depth: number) =>
    wrapDeeply(depth, (quotedMessage) => ({
      extendedTextMessage: { text: 'deep', contextInfo: { stanzaId: 'A', quotedMessage } },
    }))
  const bomb = { syncType: 0, chunkOrder: 1, initialHistBootstrapInlinePayload: Buffer.alloc(1000, 7) }
  return [
    {
      title: 'a text that is no UTF-8',
      content: { plaintext: pad(Buffer.from([0x0a, 4, 0x61, 0xff, 0xc0, 0x62])) },
      fields: { messageType: 'conversation' },
    },
    { title: 'nothing but padding', content: { plaintext: Buffer.from([1]) } },
    {
      title: 'padding longer than all',
      content: { plaintext: Buffer.from([9, 9, 9, 99]) },
      fields: malformed,
    },
    {
      title: 'no message at all',
      content: { plaintext: pad(Buffer.from('no protobuf', 'utf8')) },
      fields: malformed,
    },
    { title: 'a field that nobody knows', content: { plaintext: pad(Buffer.from([0xfa, 0x7f, 1, 0])) } },
    ...[0, -1, 1e11, Number.MAX_SAFE_INTEGER + 2, Number.NaN].map((timestamp) => ({
      title: `sent at ${timestamp}`,
      content: { text: 'When?' },
      options: { timestamp },
      fields: { messageType: 'conversation', value: 'When?' },
    })),
    {
      title: 'a kind of protocol message that nobody knows',
      content: { raw: { protocolMessage: { type: 999 as never, key: target } } },
    },
    {
      title: 'history from somebody else',
      content: {
        raw: { protocolMessage: { type: Type.HISTORY_SYNC_NOTIFICATION, historySyncNotification: bomb } },
      },
      fields: malformed,
    },
    {
      title: 'keys of the account’s state from somebody else',
      content: {
        raw: { protocolMessage: { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: {} } },
      },
      fields: malformed,
    },
    {
      title: 'twenty envelopes',
      content: { raw: wrapDeeply(20, (message) => ({ ephemeralMessage: { message } })) },
      fields: malformed,
    },
    { title: 'eighty quotes in one another', content: { raw: quotes(40) } },
    {
      title: '100,000 envelopes',
      content: { plaintext: pad(envelopes(100_000)) },
      fields: malformed,
    },
    { title: 'a place off the Earth', content: { location: { latitude: Infinity, longitude: Number.NaN } } },
    { title: 'a vote in a poll that nobody knows', content: rightOnes['vote']! },
  ]
}

async function lying(host: MediaHost): Promise<MalformedCase[]> {
  const media = await host.store(Buffer.from('a picture'), 'image')
  const image = (title: string, lie: Partial<StoredMedia>, fields: object = unavailable): MalformedCase => ({
    title: `a picture with ${title}`,
    content: { raw: { imageMessage: { ...media, mimetype: 'image/jpeg', ...lie } } },
    fields: { messageType: 'imageMessage', ...fields },
  })
  return [
    image('another length', { fileLength: 5 }, {}),
    image('a length beyond all', { fileLength: Number.MAX_SAFE_INTEGER }, {}),
    image('another hash', { fileSha256: Buffer.alloc(32, 1) }),
    image('another hash of its ciphertext', { fileEncSha256: Buffer.alloc(32, 1) }),
    image('another key', { mediaKey: Buffer.alloc(32, 1) }),
    image('a key that is none', { mediaKey: Buffer.alloc(5, 1) }),
    image('a path to nowhere', { directPath: '/v/nowhere.enc', url: `${host.origin}/v/nowhere.enc` }),
    image('the address of somebody else', {
      directPath: '',
      url: 'https://169.254.169.254/latest/meta-data',
    }),
    image('an address that is none', { directPath: '', url: 'no address' }),
  ]
}
