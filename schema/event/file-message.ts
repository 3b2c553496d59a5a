import { z } from 'zod'
import { defineEvent, exampleFile, exampleMessage } from './define.ts'
import { described, everyFile, everyMessage, height, seconds, width } from './field.ts'

export const ImageMessageEvent = defineEvent(
  'imageMessage',
  { id: 'ImageMessageEvent', en: 'A picture.', es: 'Una imagen.' },
  { ...everyMessage, ...everyFile, width, height },
  {
    ...exampleMessage,
    ...exampleFile,
    mimetype: 'image/jpeg',
    caption: 'The invoice',
    width: 1280,
    height: 960,
  },
)

export const AudioMessageEvent = defineEvent(
  'audioMessage',
  {
    id: 'AudioMessageEvent',
    en: 'A sound: a voice note or an audio file.',
    es: 'Un audio: una nota de voz o un archivo de sonido.',
  },
  {
    ...everyMessage,
    ...everyFile,
    seconds,
    isVoiceNote: described(
      z.boolean().optional(),
      '`true` when it was recorded as a voice note.',
      '`true` si se grabó como nota de voz.',
    ),
  },
  {
    ...exampleMessage,
    ...exampleFile,
    mimetype: 'audio/ogg; codecs=opus',
    caption: '',
    seconds: 7,
    isVoiceNote: true,
  },
)

const isAnimated = described(z.boolean().optional(), '`true` when it moves.', '`true` si tiene movimiento.')

export const StickerMessageEvent = defineEvent(
  'stickerMessage',
  { id: 'StickerMessageEvent', en: 'A sticker.', es: 'Un sticker.' },
  { ...everyMessage, ...everyFile, width, height, isAnimated },
  { ...exampleMessage, ...exampleFile, mimetype: 'image/webp', caption: '', width: 512, height: 512 },
)

export const DocumentMessageEvent = defineEvent(
  'documentMessage',
  { id: 'DocumentMessageEvent', en: 'A document.', es: 'Un documento.' },
  { ...everyMessage, ...everyFile },
  {
    ...exampleMessage,
    ...exampleFile,
    mimetype: 'application/pdf',
    caption: 'Signed contract',
    fileName: 'contract.pdf',
  },
)

export const VideoMessageEvent = defineEvent(
  'videoMessage',
  {
    id: 'VideoMessageEvent',
    en: 'A video, a GIF or a round video note.',
    es: 'Un vídeo, un GIF o una nota de vídeo redonda.',
  },
  {
    ...everyMessage,
    ...everyFile,
    seconds,
    width,
    height,
    isAnimated,
    isVideoNote: described(
      z.boolean().optional(),
      '`true` when it is a round video note.',
      '`true` si es una nota de vídeo redonda.',
    ),
  },
  {
    ...exampleMessage,
    ...exampleFile,
    mimetype: 'video/mp4',
    caption: 'How it works',
    seconds: 12,
    width: 848,
    height: 480,
  },
)
