/** The prose of the webhook reference, in the order of the customer's own document. */
export interface ReferenceText {
  title: string
  intro: string
  messages: string
  everyRequest: string
  media: string
  types: string
  core: string
  incoming: string
  hasMessageFields: string
  hasFileFields: string
  noOwnFields: string
  andOwn: string
  messageType: string
  optIn: string
  optInIntro: string
  field: string
  kind: string
  meaning: string
  always: string
  optional: string
  example: string
  delivery: string
  kinds: Record<string, string>
}

const verify = (comment: string) => `\`\`\`js
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.CHATLINK_SECRET) // whsec_…
const event = webhook.verify(rawBody, headers) // ${comment}
\`\`\``

const en: ReferenceText = {
  title: 'ChatLink – Webhook',
  intro: `ChatLink brings the sending and receiving of WhatsApp messages into any of your systems.

- Events are sent to your webhook by \`POST\`, in [JSON](https://www.json.org): flat objects, UTF-8, \`content-type: application/json\`.
- Answer with any status from 200 to 299 within 15 seconds; do the work afterwards. Anything else is tried again.`,
  messages: 'Messages',
  everyRequest: 'Every request to your webhook holds at least these fields:',
  media: 'When the message holds media (imageMessage, audioMessage …) these are added:',
  types: 'Types of messages',
  core: 'These eight types are sent to every subscription that does not choose its own.',
  incoming:
    'conversation, imageMessage, audioMessage, stickerMessage, documentMessage, videoMessage and contactMessage are what the WhatsApp session receives. They have these fields, and so have the further types that are messages:',
  hasMessageFields: 'It has the fields of every message',
  hasFileFields: 'those of every file',
  noOwnFields: 'and none of its own.',
  andOwn: 'and these:',
  messageType: 'Type of message.',
  optIn: 'Further types',
  optInIntro: 'Sent only to subscriptions that name them in `events`, or ask for all with `["*"]`.',
  field: 'Field',
  kind: 'Type',
  meaning: 'Meaning',
  always: 'always',
  optional: 'when it applies',
  example: 'Example',
  delivery: `## Delivery

**Signature.** Requests are signed as [Standard Webhooks](https://www.standardwebhooks.com) lays down: \`webhook-id\`,
\`webhook-timestamp\` and \`webhook-signature\`. Verify the raw body, before parsing it:

${verify('throws when the signature is wrong')}

Without a library: decode the base64 behind \`whsec_\`; that is the key. Compute HMAC-SHA256 over
\`{webhook-id}.{webhook-timestamp}.{raw body}\` and write it in base64. One of the signatures in \`webhook-signature\`, which
are separated by spaces, must be \`v1,\` and that text; compare in constant time. While a secret is being rotated there are
two. Refuse a \`webhook-timestamp\` that is more than five minutes away from your clock.

**Duplicates.** Each event is delivered at least once. \`webhook-id\` is its \`idEvent\` and is the same over all repeats:
remember those you have handled.

**Order.** Events of one chat arrive in the order of the log, one at a time: the next is sent when you have answered the
one before. Other chats do not wait for it. \`sequence\` grows with each event of a session.

**Retries.** What fails is tried again after 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 12 h, 24 h and 24 h, each
±20 %; then it is listed as exhausted and can be sent again by hand. \`410\` disables the subscription, and so do five days
of nothing but failure. \`Retry-After\` is obeyed, up to an hour. Redirects are not followed.

**What you missed.** Events stay in the log of their session, seven days unless the installation says otherwise:
\`POST /v1/subscriptions/{idSubscription}/replay\` sends them again, \`GET /v1/sessions/{idSession}/events?after={sequence}\` lets
you pull them.

More about all of this is in [delivery.md](delivery.md).`,
  kinds: {
    string: 'string',
    integer: 'integer',
    number: 'number',
    boolean: 'boolean',
    object: 'object',
    array: 'list of',
  },
}

const es: ReferenceText = {
  title: 'ChatLink – Webhook',
  intro: `ChatLink permite integrar el envío y la recepción de mensajes de WhatsApp en cualquiera de sus sistemas.

- Los eventos se envían a su webhook mediante \`POST\`, en formato [JSON](https://www.json.org): objetos planos, UTF-8, \`content-type: application/json\`.
- Responda con cualquier estado de 200 a 299 en menos de 15 segundos y haga el trabajo después. Cualquier otra respuesta se reintenta.`,
  messages: 'Mensajes',
  everyRequest: 'Cada solicitud hacia su webhook contiene como mínimo los siguientes parámetros:',
  media:
    'Si el mensaje contiene contenido multimedia (imageMessage, audioMessage, etc.) se adicionan los siguientes:',
  types: 'Tipos de mensajes',
  core: 'Estos ocho tipos se envían a toda suscripción que no elija los suyos.',
  incoming:
    'conversation, imageMessage, audioMessage, stickerMessage, documentMessage, videoMessage y contactMessage son los entrantes para la sesión de WhatsApp. Tienen los siguientes parámetros, y también los demás tipos que son mensajes:',
  hasMessageFields: 'Tiene los parámetros de todo mensaje',
  hasFileFields: 'los de todo archivo',
  noOwnFields: 'y ninguno propio.',
  andOwn: 'y estos:',
  messageType: 'Tipo de mensaje.',
  optIn: 'Otros tipos',
  optInIntro:
    'Solo se envían a las suscripciones que los nombran en `events` o que los piden todos con `["*"]`.',
  field: 'Parámetro',
  kind: 'Tipo',
  meaning: 'Descripción',
  always: 'siempre',
  optional: 'si corresponde',
  example: 'Ejemplo',
  delivery: `## Entrega

**Firma.** Las solicitudes se firman según [Standard Webhooks](https://www.standardwebhooks.com): \`webhook-id\`,
\`webhook-timestamp\` y \`webhook-signature\`. Verifique el cuerpo tal como llega, antes de interpretarlo:

${verify('lanza un error si la firma no es correcta')}

Sin biblioteca: decodifique el base64 que sigue a \`whsec_\`; esa es la clave. Calcule HMAC-SHA256 sobre
\`{webhook-id}.{webhook-timestamp}.{cuerpo tal como llega}\` y escríbalo en base64. Una de las firmas de
\`webhook-signature\`, separadas por espacios, debe ser \`v1,\` seguido de ese texto; compare en tiempo constante. Durante el
cambio de un secreto hay dos. Rechace un \`webhook-timestamp\` que difiera más de cinco minutos de su reloj.

**Duplicados.** Cada evento se entrega al menos una vez. \`webhook-id\` es su \`idEvent\` y es el mismo en todas las
repeticiones: recuerde los que ya procesó.

**Orden.** Los eventos de un chat llegan en el orden del registro, de uno en uno: el siguiente se envía cuando usted ha
respondido al anterior. Los demás chats no lo esperan. \`sequence\` crece con cada evento de una sesión.

**Reintentos.** Lo que falla se reintenta a los 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 12 h, 24 h y 24 h, cada
plazo ±20 %; después figura como agotado y puede reenviarse a mano. \`410\` desactiva la suscripción, y también cinco días
en los que todo falle. Se respeta \`Retry-After\`, hasta una hora. Las redirecciones no se siguen.

**Lo que se perdió.** Los eventos permanecen en el registro de su sesión, siete días salvo que la instalación disponga otra
cosa: \`POST /v1/subscriptions/{idSubscription}/replay\` los envía de nuevo y
\`GET /v1/sessions/{idSession}/events?after={sequence}\` permite consultarlos.

Más detalles, en inglés, en [delivery.md](delivery.md).`,
  kinds: {
    string: 'texto',
    integer: 'entero',
    number: 'número',
    boolean: 'booleano',
    object: 'objeto',
    array: 'lista de',
  },
}

export const referenceTexts = { en, es }
export type Language = keyof typeof referenceTexts
