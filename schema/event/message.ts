import { z } from 'zod'
import { Jid } from '../id.ts'
import { defineEvent, exampleMessage } from './define.ts'
import { described, everyMessage } from './field.ts'

export const ConversationEvent = defineEvent(
  'conversation',
  {
    id: 'ConversationEvent',
    en: 'A text message.',
    es: 'Un mensaje de texto.',
  },
  {
    ...everyMessage,
    value: described(z.string(), 'The text received.', 'Mensaje recibido.'),
  },
  {
    ...exampleMessage,
    value: 'Hello, is the shop open today?',
    quoted: {
      idMessage: '3EB05F3D6A21C2E4B9',
      participant: '34911222333@s.whatsapp.net',
      value: 'Good morning!',
    },
  },
)

export const ContactMessageEvent = defineEvent(
  'contactMessage',
  {
    id: 'ContactMessageEvent',
    en: 'One or several contact cards.',
    es: 'Una o varias tarjetas de contacto.',
  },
  {
    ...everyMessage,
    contacts: described(
      z.array(
        z.strictObject({
          displayName: described(z.string(), 'Name on the card.', 'Nombre en la tarjeta.'),
          vcard: described(z.string(), 'The card as vCard.', 'La tarjeta como vCard.'),
          numbers: described(
            z.array(z.string()),
            'Telephone numbers on the card: WhatsApp’s own form when the card has it, else as written.',
            'Números de teléfono de la tarjeta: en la forma de WhatsApp si la tarjeta la trae; si no, como están escritos.',
          ),
        }),
      ),
      'The cards.',
      'Las tarjetas.',
    ),
  },
  {
    ...exampleMessage,
    contacts: [
      {
        displayName: 'Luis Pérez',
        vcard:
          'BEGIN:VCARD\nVERSION:3.0\nFN:Luis Pérez\nTEL;type=CELL;waid=34600333444:+34 600 333 444\nEND:VCARD',
        numbers: ['34600333444'],
      },
    ],
  },
)

export const LocationMessageEvent = defineEvent(
  'locationMessage',
  { id: 'LocationMessageEvent', en: 'A place on the map.', es: 'Un lugar en el mapa.' },
  {
    ...everyMessage,
    latitude: described(z.number().min(-90).max(90), 'Degrees north.', 'Grados norte.'),
    longitude: described(z.number().min(-180).max(180), 'Degrees east.', 'Grados este.'),
    name: described(z.string().optional(), 'Name of the place.', 'Nombre del lugar.'),
    address: described(z.string().optional(), 'Address of the place.', 'Dirección del lugar.'),
    url: described(z.string().optional(), 'A link given with it.', 'Un enlace que lo acompaña.'),
    caption: described(z.string().optional(), 'Text sent with it.', 'Texto que lo acompaña.'),
    accuracyMeters: described(
      z.number().nonnegative().optional(),
      'Accuracy in metres.',
      'Precisión en metros.',
    ),
    isLive: described(
      z.boolean().optional(),
      '`true` when the place is shared live.',
      '`true` si la ubicación se comparte en vivo.',
    ),
  },
  { ...exampleMessage, latitude: 40.4168, longitude: -3.7038, name: 'Puerta del Sol', address: 'Madrid' },
)

export const PollCreationMessageEvent = defineEvent(
  'pollCreationMessage',
  { id: 'PollCreationMessageEvent', en: 'A poll.', es: 'Una encuesta.' },
  {
    ...everyMessage,
    value: described(z.string(), 'The question.', 'La pregunta.'),
    options: described(z.array(z.string()), 'The answers to choose from.', 'Las respuestas posibles.'),
    selectableCount: described(
      z.int().nonnegative(),
      'How many may be chosen; 0 is any number.',
      'Cuántas pueden elegirse; 0 es cualquier número.',
    ),
  },
  { ...exampleMessage, value: 'When shall we meet?', options: ['Monday', 'Tuesday'], selectableCount: 1 },
)

export const ButtonsResponseMessageEvent = defineEvent(
  'buttonsResponseMessage',
  { id: 'ButtonsResponseMessageEvent', en: 'A button was chosen.', es: 'Se eligió un botón.' },
  {
    ...everyMessage,
    selectedId: described(z.string(), 'Identifier of the button.', 'Identificador del botón.'),
    value: described(z.string(), 'Text of the button.', 'Texto del botón.'),
  },
  { ...exampleMessage, selectedId: 'yes', value: 'Yes, please' },
)

export const ListResponseMessageEvent = defineEvent(
  'listResponseMessage',
  {
    id: 'ListResponseMessageEvent',
    en: 'A row of a list was chosen.',
    es: 'Se eligió una fila de una lista.',
  },
  {
    ...everyMessage,
    selectedId: described(z.string(), 'Identifier of the row.', 'Identificador de la fila.'),
    value: described(z.string(), 'Title of the row.', 'Título de la fila.'),
    description: described(z.string().optional(), 'Description of the row.', 'Descripción de la fila.'),
  },
  { ...exampleMessage, selectedId: 'size-m', value: 'Medium' },
)

export const UnsupportedMessageEvent = defineEvent(
  'unsupportedMessage',
  {
    id: 'UnsupportedMessageEvent',
    en: 'A message of a type that has no event of its own, or whose content could not be had.',
    es: 'Un mensaje de un tipo que no tiene evento propio, o cuyo contenido no pudo obtenerse.',
  },
  {
    ...everyMessage,
    wireType: described(
      z.string().min(1),
      'WhatsApp’s own name of the type.',
      'Nombre que WhatsApp da al tipo.',
    ),
    unsupportedReason: described(
      z.enum(['unknownType', 'undecryptable', 'empty', 'tooLarge', 'malformed']),
      'Why it is shown this way.',
      'Por qué se muestra así.',
    ),
  },
  { ...exampleMessage, wireType: 'eventMessage', unsupportedReason: 'unknownType' },
)

export const CallOfferEvent = defineEvent(
  'callOffer',
  { id: 'CallOfferEvent', en: 'Somebody is calling.', es: 'Alguien está llamando.' },
  {
    senderNumber: everyMessage.senderNumber,
    messageTimestamp: everyMessage.messageTimestamp,
    lid: everyMessage.lid,
    idCall: described(
      z.string().min(1),
      'WhatsApp’s identifier of the call.',
      'Identificador de la llamada.',
    ),
    isVideo: described(z.boolean(), 'Whether it is a video call.', 'Si es una videollamada.'),
    groupNumber: described(Jid.optional(), 'The group that is called.', 'El grupo al que se llama.'),
  },
  {
    senderNumber: '34600111222@s.whatsapp.net',
    messageTimestamp: 1767225600,
    idCall: '5B2F8A90C1D34E67',
    isVideo: false,
  },
)
