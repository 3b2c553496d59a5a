import { z } from 'zod'
import { IdEvent, IdFile, IdSession, Jid } from '../id.ts'

/** Gives a field its description in English and in Spanish; both travel to the OpenAPI document and to the reference. */
export function described<Schema extends z.ZodType>(schema: Schema, en: string, es: string): Schema {
  return schema.meta({ description: en, 'x-description-es': es })
}

/** What every event carries, in the order in which it is written. */
export const everyEvent = {
  idSession: described(
    IdSession,
    'Unique identifier of the WhatsApp session.',
    'Identificador único de la sesión de WhatsApp.',
  ),
  idEvent: described(
    IdEvent,
    'Identifier of the occurrence. Retries and redeliveries carry the same one: use it to discard duplicates.',
    'Identificador del suceso. Los reintentos y reenvíos llevan el mismo: úselo para descartar duplicados.',
  ),
  sequence: described(
    z.int().positive(),
    'Position in the log of the session: 1, 2, 3 …, without holes.',
    'Posición en el registro de la sesión: 1, 2, 3 …, sin huecos.',
  ),
  isTest: described(
    z.literal(true).optional(),
    'Present and `true` only on events sent by the test button; they are in no log.',
    'Presente y `true` solo en los eventos enviados por el botón de prueba; no están en ningún registro.',
  ),
}

export const Timestamp = z.int().nonnegative()

/** Names the message that a quote, a reaction, an edit, a revocation or a vote is about. */
export const MessageReference = z.strictObject({
  idMessage: described(
    z.string().min(1),
    'WhatsApp’s identifier of that message.',
    'Identificador que WhatsApp dio a ese mensaje.',
  ),
  participant: described(Jid.optional(), 'Who wrote it, when known.', 'Quién lo escribió, si se conoce.'),
  isFromMe: described(
    z.boolean().optional(),
    'Whether the account itself wrote it.',
    'Si lo escribió la propia cuenta.',
  ),
})
export type MessageReference = z.infer<typeof MessageReference>

export const quoted = described(
  MessageReference.extend({
    value: described(
      z.string().optional(),
      'The quoted text, when it was text.',
      'El texto citado, si era texto.',
    ),
  }).optional(),
  'The message that this one answers.',
  'El mensaje al que este responde.',
)

/** What every message carries: the customer's fields first, ChatLink's additions after them. */
export const everyMessage = {
  senderNumber: described(
    Jid,
    'JID of the chat: `…@s.whatsapp.net` for a person, `…@g.us` for a group; `…@lid` only when nobody knows the phone number.',
    'JID del chat: `…@s.whatsapp.net` para una persona, `…@g.us` para un grupo; `…@lid` solo si nadie conoce el número de teléfono.',
  ),
  senderName: described(
    z.string(),
    'The person’s own WhatsApp name; `""` when unknown.',
    'Nombre de WhatsApp de la persona que envía el mensaje; `""` si se desconoce.',
  ),
  messageTimestamp: described(
    Timestamp,
    'When the message was sent, in Unix seconds.',
    'Marca de tiempo del mensaje, en segundos Unix.',
  ),
  isMessageFromGroup: described(
    z.boolean(),
    'Whether the message comes from a group.',
    'Indica si el mensaje proviene de un grupo.',
  ),
  idMessage: described(
    z.string().min(1),
    'WhatsApp’s identifier of the message.',
    'Identificador que WhatsApp dio al mensaje.',
  ),
  participant: described(
    Jid.optional(),
    'In groups, who wrote: `…@s.whatsapp.net` when known.',
    'En los grupos, quién escribió: `…@s.whatsapp.net` si se conoce.',
  ),
  lid: described(
    Jid.optional(),
    'The LID of `participant` in a group, of `senderNumber` in a direct chat, when WhatsApp gave one.',
    'El LID de `participant` en un grupo, de `senderNumber` en un chat directo, si WhatsApp lo dio.',
  ),
  quoted,
  mentions: described(
    z.array(Jid).optional(),
    'JIDs of the people mentioned.',
    'JID de las personas mencionadas.',
  ),
  isForwarded: described(
    z.boolean().optional(),
    '`true` when the message was forwarded.',
    '`true` si el mensaje fue reenviado.',
  ),
  isViewOnce: described(
    z.boolean().optional(),
    '`true` when it may be viewed only once.',
    '`true` si solo puede verse una vez.',
  ),
  isFromMe: described(
    z.boolean().optional(),
    '`true` when the account itself wrote it, on its phone or by the API.',
    '`true` si lo escribió la propia cuenta, en su teléfono o por la API.',
  ),
  isHistory: described(
    z.boolean().optional(),
    '`true` when it comes from the history that the phone shared at linking.',
    '`true` si proviene del historial que el teléfono compartió al vincularse.',
  ),
}

/** What every message with a file carries besides. */
export const everyFile = {
  idFile: described(
    IdFile,
    'Unique identifier of the media file: `GET /v1/files/{idFile}`.',
    'Identificador único del archivo multimedia: `GET /v1/files/{idFile}`.',
  ),
  mimetype: described(z.string().min(1), 'Type of the file.', 'Tipo del archivo.'),
  caption: described(
    z.string(),
    'Caption of the file; `""` when none.',
    'Leyenda del archivo; `""` si no tiene.',
  ),
  fileStatus: described(
    z.enum(['stored', 'unavailable']),
    '`stored`, or `unavailable` when it could not be fetched from WhatsApp.',
    '`stored`, o `unavailable` si no se pudo obtener de WhatsApp.',
  ),
  fileError: described(
    z.string().optional(),
    'Why the file is unavailable.',
    'Por qué el archivo no está disponible.',
  ),
  fileUrl: described(
    z.url().optional(),
    'Where to get it, with an API key.',
    'Dónde obtenerlo, con una clave de API.',
  ),
  fileName: described(z.string().optional(), 'Name of the file.', 'Nombre del archivo.'),
  fileSize: described(z.int().nonnegative().optional(), 'Size in bytes.', 'Tamaño en bytes.'),
  sha256: described(
    z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    'SHA-256 of the file, hexadecimal.',
    'SHA-256 del archivo, en hexadecimal.',
  ),
}

export const width = described(z.int().positive().optional(), 'Width in pixels.', 'Ancho en píxeles.')
export const height = described(z.int().positive().optional(), 'Height in pixels.', 'Alto en píxeles.')
export const seconds = described(
  z.int().nonnegative().optional(),
  'Duration in seconds.',
  'Duración en segundos.',
)
