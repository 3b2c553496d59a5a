import { z } from 'zod'
import { described, height, seconds, width } from './event/field.ts'
import { LocationMessageEvent } from './event/message.ts'
import { IdEvent } from './id.ts'
import { AudioMessageEvent, StickerMessageEvent, VideoMessageEvent } from './event/file-message.ts'
import {
  caption,
  everyContent,
  everyOutgoing,
  everyOutgoingFile,
  isViewOnce,
  linkPreview,
  mentions,
  targetMessage,
  text,
} from './outgoing-field.ts'

const shortText = z.string().min(1).max(1024)

const maxContacts = 32
const maxVcardCharacters = 65_536

const ContactCard = z.strictObject({
  displayName: described(shortText, 'Name on the card.', 'Nombre en la tarjeta.'),
  vcard: described(
    z
      .string()
      .max(maxVcardCharacters)
      .regex(/^BEGIN:VCARD\r?\n[^]*END:VCARD\s*$/, 'begin with BEGIN:VCARD and end with END:VCARD'),
    'The card as vCard.',
    'La tarjeta como vCard.',
  ),
})

const nameAuthor = 'name who wrote the message in the group, or say isFromMe: true'

const place = LocationMessageEvent.shape

const sendable = [
  z.strictObject({
    messageType: z.literal('conversation'),
    ...everyContent,
    mentions,
    value: described(text, 'The text.', 'El texto.'),
    linkPreview,
  }),
  z.strictObject({
    messageType: z.literal('imageMessage'),
    ...everyOutgoingFile,
    caption,
    isViewOnce,
    width,
    height,
  }),
  z.strictObject({
    messageType: z.literal('videoMessage'),
    ...everyOutgoingFile,
    caption,
    isViewOnce,
    seconds,
    width,
    height,
    isAnimated: described(
      z.boolean().optional(),
      '`true` plays it as a GIF: over and over, without sound.',
      '`true` lo reproduce como un GIF: una y otra vez, sin sonido.',
    ),
    isVideoNote: VideoMessageEvent.shape.isVideoNote,
  }),
  z.strictObject({
    messageType: z.literal('audioMessage'),
    ...everyOutgoingFile,
    isViewOnce,
    seconds,
    isVoiceNote: AudioMessageEvent.shape.isVoiceNote,
  }),
  z.strictObject({
    messageType: z.literal('stickerMessage'),
    ...everyOutgoingFile,
    width,
    height,
    isAnimated: StickerMessageEvent.shape.isAnimated,
  }),
  z.strictObject({
    messageType: z.literal('documentMessage'),
    ...everyOutgoingFile,
    caption,
    fileName: described(
      z.string().min(1).max(255).optional(),
      'Name of the file; that of the upload when absent.',
      'Nombre del archivo; el de la subida si se omite.',
    ),
  }),
  z.strictObject({
    messageType: z.literal('contactMessage'),
    ...everyContent,
    contacts: described(z.array(ContactCard).min(1).max(maxContacts), 'The cards.', 'Las tarjetas.'),
  }),
  z.strictObject({
    messageType: z.literal('locationMessage'),
    ...everyContent,
    latitude: place.latitude,
    longitude: place.longitude,
    name: described(shortText.optional(), 'Name of the place.', 'Nombre del lugar.'),
    address: described(shortText.optional(), 'Address of the place.', 'Dirección del lugar.'),
    url: described(z.url().max(2048).optional(), 'A link given with it.', 'Un enlace que lo acompaña.'),
  }),
  z.strictObject({
    messageType: z.literal('pollCreationMessage'),
    ...everyOutgoing,
    quoted: everyContent.quoted,
    value: described(z.string().min(1).max(255), 'The question.', 'La pregunta.'),
    options: described(
      z.array(z.string().min(1).max(100)).min(2).max(12),
      'The answers to choose from, each once.',
      'Las respuestas posibles, cada una una vez.',
    ),
    selectableCount: described(
      z.int().min(0).max(12).default(1),
      'How many may be chosen; 0 is any number.',
      'Cuántas pueden elegirse; 0 es cualquier número.',
    ),
  }),
  z.strictObject({
    messageType: z.literal('reactionMessage'),
    ...everyOutgoing,
    targetMessage,
    value: described(
      z.string().max(64),
      'The emoji; `""` takes the reaction back.',
      'El emoji; `""` retira la reacción.',
    ),
  }),
  z.strictObject({
    messageType: z.literal('editedMessage'),
    ...everyOutgoing,
    targetMessage: described(
      z.strictObject({ idMessage: targetMessage.shape.idMessage }),
      'The account’s own message that is to be edited.',
      'El mensaje de la propia cuenta que se quiere editar.',
    ),
    value: described(text, 'The new text.', 'El nuevo texto.'),
  }),
  z.strictObject({
    messageType: z.literal('revokedMessage'),
    ...everyOutgoing,
    targetMessage,
  }),
] as const

const forwarded = z.strictObject({
  messageType: z.literal('forwardedMessage'),
  ...everyOutgoing,
  idEvent: described(
    IdEvent,
    'The event of the message that is to be forwarded: text, a file, contacts or a place.',
    'El evento del mensaje que se quiere reenviar: texto, un archivo, contactos o un lugar.',
  ),
})
export type ForwardedMessage = z.infer<typeof forwarded>

const sendables = z.discriminatedUnion('messageType', sendable)
const messages = z.discriminatedUnion('messageType', [...sendable, forwarded])

type Message = z.infer<typeof messages>
const fileTypes = [
  'imageMessage',
  'videoMessage',
  'audioMessage',
  'stickerMessage',
  'documentMessage',
] as const
export type FileMessage = Extract<Message, { messageType: (typeof fileTypes)[number] }>

/** Whether a message carries a file. */
export function hasFile(message: Message): message is FileMessage {
  return (fileTypes as readonly string[]).includes(message.messageType)
}

type Conflict = [path: string[], message: string]

/** What is wrong with fields that are right each by itself. */
function findConflicts(message: Message): Conflict[] {
  const isGroup = message.to.endsWith('@g.us')
  const { quoted } = 'quoted' in message ? message : {}
  const isViewOnce = 'isViewOnce' in message && message.isViewOnce === true
  const rules: [boolean | undefined, Conflict][] = [
    [
      isGroup && quoted && !quoted.isFromMe && quoted.participant === undefined,
      [['quoted', 'participant'], nameAuthor],
    ],
    [
      isViewOnce && (message.isForwarded === true || (message.mentions ?? []).length > 0),
      [['isViewOnce'], 'leave mentions and isForwarded out of what may be viewed once'],
    ],
  ]
  if (hasFile(message)) {
    const isOne = (message.idFile === undefined) !== (message.url === undefined)
    rules.push([!isOne, [['idFile'], 'give either idFile or url']])
  }
  if (message.messageType === 'conversation' && message.linkPreview) {
    const isNamed = message.value.includes(message.linkPreview.url)
    rules.push([!isNamed, [['linkPreview', 'url'], 'give the link as it stands in the text']])
  }
  if (message.messageType === 'reactionMessage') {
    const { isFromMe, participant } = message.targetMessage
    const isNobodys = isGroup && !isFromMe && participant === undefined
    rules.push([isNobodys, [['targetMessage', 'participant'], nameAuthor]])
  }
  if (message.messageType === 'videoMessage') {
    const { isVideoNote, isAnimated, caption: title } = message
    rules.push(
      [isVideoNote && isAnimated, [['isVideoNote'], 'a video is a GIF or a round note, not both']],
      [isVideoNote && title !== undefined, [['caption'], 'a round note has no caption']],
    )
  }
  if (message.messageType === 'pollCreationMessage') {
    const { options, selectableCount } = message
    rules.push(
      [new Set(options).size < options.length, [['options'], 'give each answer once']],
      [
        selectableCount > options.length,
        [['selectableCount'], 'let no more be chosen than there are answers'],
      ],
    )
  }
  return rules.filter(([applies]) => applies === true).map(([, conflict]) => conflict)
}

function refuseConflicts({ value, issues }: z.core.ParsePayload<Message>): void {
  for (const [path, message] of findConflicts(value)) {
    issues.push({ code: 'custom', path, message, input: value })
  }
}

/** A message as a connector is told to send it: what was to be forwarded has become what it is. */
export const SendableMessage = sendables.check((payload) => refuseConflicts(payload))
export type SendableMessage = z.infer<typeof SendableMessage>

/** A message that the account is to send; the names are those of the events. */
export const OutgoingMessage = messages
  .check((payload) => refuseConflicts(payload))
  .meta({
    id: 'OutgoingMessage',
    examples: [
      { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Yes, until eight o’clock.' },
    ],
  })
export type OutgoingMessage = z.infer<typeof OutgoingMessage>
