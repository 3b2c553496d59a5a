import type { proto } from '../baileys.ts'
import { makeIdFile } from '../event-id.ts'
import type { MediaSource, MediaType } from '../media-source.ts'
import { toJid } from './address.ts'
import { makeMessage, type Subject } from './subject.ts'
import type { NormalizedMessage, WireNumber } from './wire-message.ts'
import { toBytes, toCount, toLabel, toSize, toText, withoutAbsent } from './value.ts'

interface WireFile {
  url?: string | null
  directPath?: string | null
  mediaKey?: Uint8Array | null
  fileSha256?: Uint8Array | null
  fileEncSha256?: Uint8Array | null
  fileLength?: WireNumber | null
  mimetype?: string | null
  caption?: string | null
  viewOnce?: boolean | null
}

const mimetypes: Record<MediaType, string> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg',
  document: 'application/octet-stream',
  sticker: 'image/webp',
}

const withoutSource =
  'The message does not say where its file is or how it opens. Ask for it to be sent again.'

interface FileReading {
  fields: {
    idFile: string
    mimetype: string
    caption: string
    fileStatus: 'stored' | 'unavailable'
    fileError?: string
    fileName?: string
    fileSize?: number
    sha256?: string
  }
  media?: MediaSource
}

/**
 * The fields of a message's file, told as if it were stored already, and where it is to be had. A message that does not
 * say how to get and open its file has none: `unavailable`, and nothing is claimed of it.
 */
function readFile(file: WireFile, mediaType: MediaType, subject: Subject, fileName?: string): FileReading {
  const mediaKey = toBytes(file.mediaKey, 32)
  const url = toText(file.url, 4096) || undefined
  const directPath = toText(file.directPath, 4096) || undefined
  const fileLength = toCount(file.fileLength)
  const sha256 = toBytes(file.fileSha256, 32)?.toString('hex')
  const mimetype = toLabel(file.mimetype) ?? mimetypes[mediaType]
  const isAvailable = mediaKey !== undefined && (url !== undefined || directPath !== undefined)
  const fields = withoutAbsent({
    idFile: makeIdFile(subject.idEvent),
    mimetype,
    caption: toText(file.caption),
    fileStatus: isAvailable ? ('stored' as const) : ('unavailable' as const),
    fileError: isAvailable ? undefined : withoutSource,
    fileName,
    fileSize: isAvailable ? fileLength : undefined,
    sha256: isAvailable ? sha256 : undefined,
  }) as FileReading['fields']
  if (!isAvailable) return { fields }
  const media = withoutAbsent({
    mediaType,
    url,
    directPath,
    mediaKey: mediaKey.toString('base64'),
    fileEncSha256: toBytes(file.fileEncSha256, 32)?.toString('base64'),
    fileSha256: sha256,
    fileLength,
    mimetype,
    fileName,
    key: sourceKey(subject),
  }) as MediaSource
  return { fields, media }
}

function sourceKey({ key, idMessage }: Subject): MediaSource['key'] {
  const participant = toJid(key.participant)
  return {
    remoteJid: toJid(key.remoteJid) ?? '',
    fromMe: key.fromMe === true,
    id: idMessage,
    ...(participant !== undefined && { participant }),
  }
}

function withMedia({ draft }: NormalizedMessage, { media }: FileReading): NormalizedMessage {
  return media === undefined ? { draft } : { draft, media }
}

const seen = (subject: Subject, { viewOnce }: WireFile): Subject =>
  viewOnce === true ? { ...subject, isViewOnce: true } : subject

export function readImage(image: proto.Message.IImageMessage, wireSubject: Subject): NormalizedMessage {
  const subject = seen(wireSubject, image)
  const file = readFile(image, 'image', subject)
  const size = { width: toSize(image.width), height: toSize(image.height) }
  return withMedia(
    makeMessage(subject, 'imageMessage', image.contextInfo, withoutAbsent({ ...file.fields, ...size })),
    file,
  )
}

export function readVideo(
  video: proto.Message.IVideoMessage,
  wireSubject: Subject,
  { isVideoNote = false } = {},
): NormalizedMessage {
  const subject = seen(wireSubject, video)
  const file = readFile(video, 'video', subject)
  const fields = withoutAbsent({
    ...file.fields,
    seconds: toCount(video.seconds),
    width: toSize(video.width),
    height: toSize(video.height),
    isAnimated: video.gifPlayback === true || undefined,
    isVideoNote: isVideoNote || undefined,
  })
  return withMedia(makeMessage(subject, 'videoMessage', video.contextInfo, fields), file)
}

export function readAudio(audio: proto.Message.IAudioMessage, wireSubject: Subject): NormalizedMessage {
  const subject = seen(wireSubject, audio)
  const file = readFile(audio, 'audio', subject)
  const fields = withoutAbsent({
    ...file.fields,
    seconds: toCount(audio.seconds),
    isVoiceNote: audio.ptt === true || undefined,
  })
  return withMedia(makeMessage(subject, 'audioMessage', audio.contextInfo, fields), file)
}

export function readSticker(sticker: proto.Message.IStickerMessage, subject: Subject): NormalizedMessage {
  const file = readFile(sticker, 'sticker', subject)
  const fields = withoutAbsent({
    ...file.fields,
    width: toSize(sticker.width),
    height: toSize(sticker.height),
    isAnimated: sticker.isAnimated === true || sticker.isLottie === true || undefined,
  })
  return withMedia(makeMessage(subject, 'stickerMessage', sticker.contextInfo, fields), file)
}

export function readDocument(document: proto.Message.IDocumentMessage, subject: Subject): NormalizedMessage {
  const fileName = toLabel(document.fileName) ?? toLabel(document.title)
  const file = readFile(document, 'document', subject, fileName)
  return withMedia(makeMessage(subject, 'documentMessage', document.contextInfo, file.fields), file)
}
