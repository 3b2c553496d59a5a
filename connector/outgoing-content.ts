import { maxPreviewPictureBytes } from '../schema/outgoing-field.ts'
import type { FileMessage, SendableMessage } from '../schema/outgoing.ts'
import { prepareWAMessageMedia } from './baileys.ts'
import type { WAMessage, WAMessageKey, WASocket } from './baileys.ts'
import type { OutgoingFile } from './outgoing-file.ts'
import { SendRefusal } from './send-refusal.ts'

export type BaileysContent = Parameters<WASocket['sendMessage']>[1]
type MessageType = SendableMessage['messageType']
type MessageOf<Type extends MessageType> = Extract<SendableMessage, { messageType: Type }>

export interface ContentTools {
  socket: Pick<WASocket, 'sendMessage' | 'waUploadToServer'>
  openFile(idFile: string): Promise<OutgoingFile>
  /** How WhatsApp names a person within a chat. */
  authorIn(chat: string, jid: string): string
}

type Maker<Type extends MessageType> = (
  message: MessageOf<Type>,
  tools: ContentTools,
) => BaileysContent | Promise<BaileysContent>

/** What WhatsApp is given for each type of message. */
export const makers: { [Type in MessageType]: Maker<Type> } = {
  // A preview would have Baileys fetch the links in the text: ChatLink fetches nothing that a text names.
  conversation: async (message, tools) => ({
    text: message.value,
    linkPreview: message.linkPreview ? await previewOf(message.linkPreview, tools) : null,
    ...marksOf(message),
  }),
  imageMessage: async (message, tools) => {
    const { stream, mimetype } = await open(message, tools)
    const { caption, width, height } = message
    return media(message, { image: { stream }, mimetype, caption, width, height })
  },
  videoMessage: async (message, tools) => {
    const { stream, mimetype } = await open(message, tools)
    const { caption, width, height, seconds, isAnimated, isVideoNote } = message
    const video = { video: { stream }, mimetype, caption, width, height, seconds, gifPlayback: isAnimated }
    return isVideoNote ? roundNote(message, video, tools) : media(message, video)
  },
  audioMessage: async (message, tools) => {
    const { stream, mimetype } = await open(message, tools)
    const isVoiceNote = message.isVoiceNote === true
    return media(message, {
      audio: { stream },
      mimetype: isVoiceNote && /^audio\/ogg\s*$/.test(mimetype) ? 'audio/ogg; codecs=opus' : mimetype,
      ptt: isVoiceNote,
      seconds: message.seconds ?? null,
      waveform: null,
    })
  },
  stickerMessage: async (message, tools) => {
    const { stream, mimetype } = await open(message, tools)
    const { width, height, isAnimated } = message
    return media(message, { sticker: { stream }, mimetype, width, height, isAnimated })
  },
  documentMessage: async (message, tools) => {
    const { stream, mimetype, fileName = 'file' } = await open(message, tools)
    return media(message, {
      document: { stream },
      mimetype,
      caption: message.caption,
      fileName: message.fileName ?? fileName,
    })
  },
  contactMessage: (message) => {
    const { contacts } = message
    const displayName = contacts.length === 1 ? contacts[0]!.displayName : `${contacts.length} contacts`
    return { contacts: { displayName, contacts }, ...marksOf(message) }
  },
  locationMessage: (message) => {
    const { latitude, longitude, name, address, url } = message
    const place = { degreesLatitude: latitude, degreesLongitude: longitude, name, address, url }
    return { location: withoutAbsent(place), ...marksOf(message) }
  },
  pollCreationMessage: ({ value, options, selectableCount }) => ({
    poll: { name: value, values: options, selectableCount },
  }),
  reactionMessage: (message, tools) => ({ react: { text: message.value, key: keyOf(message, tools) } }),
  editedMessage: ({ to, targetMessage: { idMessage }, value }) => ({
    text: value,
    linkPreview: null,
    edit: { remoteJid: to, id: idMessage, fromMe: true },
  }),
  revokedMessage: (message, tools) => ({ delete: keyOf(message, tools) }),
}

/** The message that a message answers, as Baileys wants it. */
export function quotedBy(message: SendableMessage, tools: ContentTools): WAMessage | undefined {
  if (!('quoted' in message) || message.quoted === undefined) return undefined
  const { value = '' } = message.quoted
  return {
    key: keyOf({ to: message.to, targetMessage: message.quoted }, tools),
    message: { conversation: value },
  }
}

/** Without a word of who wrote it, it is the account's own message or, in a reaction, that of the other side. */
function keyOf(
  {
    to,
    targetMessage,
    messageType,
  }: Pick<MessageOf<'reactionMessage'>, 'to' | 'targetMessage'> & { messageType?: MessageType },
  { authorIn }: ContentTools,
): WAMessageKey {
  const { idMessage, participant, isFromMe } = targetMessage
  const isOwnByDefault = messageType === 'revokedMessage' && participant === undefined
  const fromMe = isFromMe ?? isOwnByDefault
  const isNamed = !fromMe && participant !== undefined && to.endsWith('@g.us')
  return {
    remoteJid: to,
    id: idMessage,
    fromMe,
    ...(isNamed && { participant: authorIn(to, participant) }),
  }
}

function marksOf(message: { isForwarded?: boolean | undefined; mentions?: string[] | undefined }) {
  return {
    ...(message.mentions !== undefined && { mentions: message.mentions }),
    ...(message.isForwarded && { contextInfo: { isForwarded: true, forwardingScore: 1 } }),
  }
}

async function previewOf(
  { url, title, description, idFile }: NonNullable<MessageOf<'conversation'>['linkPreview']>,
  { openFile }: ContentTools,
) {
  const picture = idFile === undefined ? undefined : await readPicture(await openFile(idFile))
  const preview = { 'canonical-url': url, 'matched-text': url, title, description, jpegThumbnail: picture }
  return withoutAbsent(preview)
}

/** The Worker has checked its size; one that has grown since is no picture of a preview. */
async function readPicture({ stream }: OutgoingFile): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > maxPreviewPictureBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function open(message: FileMessage, tools: ContentTools): Promise<OutgoingFile> {
  if (message.idFile === undefined) throw new SendRefusal('fileNotFound', 'The file was never stored.')
  const file = await tools.openFile(message.idFile)
  return { ...file, mimetype: message.mimetype ?? file.mimetype }
}

/**
 * `null` for the thumbnail, as for the duration and the waveform of a sound, keeps Baileys from putting the plain file on
 * a disk and from starting other programs on it.
 */
function media(message: FileMessage, content: Record<string, unknown>): BaileysContent {
  const viewOnce = 'isViewOnce' in message && message.isViewOnce === true
  const given = withoutAbsent({ ...content, jpegThumbnail: null, ...(viewOnce && { viewOnce }) })
  return { ...given, ...marksOf(message) } as unknown as BaileysContent
}

/** Baileys' own way to a round note forgets what is known of the video. */
async function roundNote(
  message: MessageOf<'videoMessage'>,
  video: Record<string, unknown>,
  { socket }: ContentTools,
): Promise<BaileysContent> {
  const content = { ...(media(message, video) as object), ptv: true } as never
  const prepared = await prepareWAMessageMedia(content, { upload: socket.waUploadToServer })
  const key = { remoteJid: message.to, fromMe: true, id: '' }
  const viewOnce = message.isViewOnce === true
  return { forward: { key, message: prepared }, ...(viewOnce && { viewOnce }), ...marksOf(message) }
}

function withoutAbsent<Fields extends Record<string, unknown>>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>
  }
}
