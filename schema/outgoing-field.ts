import { z } from 'zod'
import { described, MessageReference, quoted } from './event/field.ts'
import { Address } from './api/contact.ts'
import { IdFile, Jid } from './id.ts'

export const maxTextCharacters = 65_536
export const maxExpirySeconds = 7 * 86_400

export const text = z.string().min(1).max(maxTextCharacters)

/** What every message to be sent carries. */
export const everyOutgoing = {
  to: described(
    Address,
    'Whom: a JID (`…@s.whatsapp.net` for a person, `…@g.us` for a group), or a number with its country code.',
    'A quién: un JID (`…@s.whatsapp.net` para una persona, `…@g.us` para un grupo) o un número con su prefijo de país.',
  ),
  expiresAfterSeconds: described(
    z.int().min(1).max(maxExpirySeconds).optional(),
    'How long it may wait for a connection to WhatsApp before it fails as `expired`; a day when absent.',
    'Cuánto puede esperar una conexión con WhatsApp antes de fallar como `expired`; un día si se omite.',
  ),
}

/** What every message with content of its own carries besides. */
export const everyContent = {
  ...everyOutgoing,
  quoted,
  isForwarded: described(
    z.boolean().optional(),
    '`true` marks it as forwarded.',
    '`true` lo marca como reenviado.',
  ),
}

export const mentions = described(
  z.array(Jid).max(1024).optional(),
  'JIDs of the people mentioned; the text names them as `@` and the number.',
  'JID de las personas mencionadas; el texto las nombra con `@` y el número.',
)

export const maxPreviewPictureBytes = 64 * 1024

export const linkPreview = described(
  z
    .strictObject({
      url: described(
        z.url({ protocol: /^https?$/, error: 'use a URL that begins with https://' }).max(2048),
        'The link, as it stands in the text.',
        'El enlace, tal como está en el texto.',
      ),
      title: described(z.string().min(1).max(1024), 'Title of the page.', 'Título de la página.'),
      description: described(
        z.string().min(1).max(1024).optional(),
        'What the page is about.',
        'De qué trata la página.',
      ),
      idFile: described(
        IdFile.optional(),
        'A small picture: a JPEG of at most 64 KiB.',
        'Una imagen pequeña: un JPEG de 64 KiB como máximo.',
      ),
    })
    .optional(),
  'How a link in the text is shown; ChatLink itself fetches none.',
  'Cómo se muestra un enlace del texto; ChatLink no obtiene ninguna vista previa por sí mismo.',
)

export const targetMessage = described(
  MessageReference,
  'The message that this is about.',
  'El mensaje al que se refiere.',
)

/** What every message with a file carries besides. */
export const everyOutgoingFile = {
  ...everyContent,
  mentions,
  idFile: described(
    IdFile.optional(),
    'The file: uploaded before with `POST /v1/files`, or received.',
    'El archivo: subido antes con `POST /v1/files`, o recibido.',
  ),
  url: described(
    z.url().max(2048).optional(),
    'In place of `idFile`: where ChatLink is to fetch the file, before it answers. `https`, public, without redirects.',
    'En lugar de `idFile`: de dónde ChatLink debe obtener el archivo, antes de responder. `https`, público, sin redirecciones.',
  ),
  mimetype: described(
    z
      .string()
      .min(3)
      .max(256)
      .regex(/^[\w.+-]+\/[\w.+-]+/, 'use a type such as image/jpeg')
      .optional(),
    'Type of the file; that of the upload, or what the server of `url` calls it, when absent.',
    'Tipo del archivo; el de la subida, o el que indique el servidor de `url`, si se omite.',
  ),
}

export const caption = described(
  z.string().max(maxTextCharacters).optional(),
  'Caption of the file.',
  'Leyenda del archivo.',
)

export const isViewOnce = described(
  z.boolean().optional(),
  '`true` lets it be viewed only once; not together with `mentions` or `isForwarded`.',
  '`true` permite verlo una sola vez; no junto con `mentions` o `isForwarded`.',
)
