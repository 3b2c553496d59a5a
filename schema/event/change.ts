import { z } from 'zod'
import { Jid } from '../id.ts'
import { defineEvent, exampleMessage } from './define.ts'
import { described, everyMessage, MessageReference } from './field.ts'

const targetMessage = described(
  MessageReference,
  'The message that this is about.',
  'El mensaje al que se refiere.',
)
const exampleTarget = { idMessage: '3EB05F3D6A21C2E4B9', participant: '34600111222@s.whatsapp.net' }

export const MessageStatus = z.enum(['sent', 'delivered', 'read', 'played', 'failed'])
export type MessageStatus = z.infer<typeof MessageStatus>

export const MessageStatusEvent = defineEvent(
  'messageStatus',
  {
    id: 'MessageStatusEvent',
    en: 'What became of a message that the account sent.',
    es: 'Qué fue de un mensaje que envió la cuenta.',
  },
  {
    senderNumber: everyMessage.senderNumber,
    messageTimestamp: everyMessage.messageTimestamp,
    idMessage: everyMessage.idMessage,
    participant: described(
      Jid.optional(),
      'In groups, whose phone this is about.',
      'En los grupos, de quién es el teléfono en cuestión.',
    ),
    status: described(
      MessageStatus,
      '`sent`: WhatsApp has it. `delivered`, `read`, `played`: by the recipient. `failed`: it will not be sent.',
      '`sent`: WhatsApp lo tiene. `delivered`, `read`, `played`: por el destinatario. `failed`: no se enviará.',
    ),
    errorCode: described(
      z.string().optional(),
      'On `failed`: WhatsApp’s code, or `expired`, `cancelled`, `notOnWhatsApp`, `fileNotFound`, `sendFailed`.',
      'En `failed`: código de WhatsApp, o `expired`, `cancelled`, `notOnWhatsApp`, `fileNotFound`, `sendFailed`.',
    ),
    errorText: described(
      z.string().optional(),
      'On `failed`: why, in words.',
      'En `failed`: por qué, en palabras.',
    ),
  },
  {
    senderNumber: '34600111222@s.whatsapp.net',
    messageTimestamp: 1767225600,
    idMessage: '3EB0C767D097B7C35B12A0',
    status: 'delivered',
  },
)

export const ReactionMessageEvent = defineEvent(
  'reactionMessage',
  { id: 'ReactionMessageEvent', en: 'A reaction to a message.', es: 'Una reacción a un mensaje.' },
  {
    ...everyMessage,
    targetMessage,
    value: described(
      z.string(),
      'The emoji; `""` when the reaction was taken back.',
      'El emoji; `""` si se retiró la reacción.',
    ),
  },
  { ...exampleMessage, targetMessage: exampleTarget, value: '👍' },
)

export const PollUpdateMessageEvent = defineEvent(
  'pollUpdateMessage',
  { id: 'PollUpdateMessageEvent', en: 'A vote in a poll.', es: 'Un voto en una encuesta.' },
  {
    ...everyMessage,
    targetMessage,
    selectedOptions: described(
      z.array(z.string()).optional(),
      'The answers now chosen; absent when the vote could not be read.',
      'Las respuestas elegidas ahora; ausente si el voto no pudo leerse.',
    ),
  },
  { ...exampleMessage, targetMessage: exampleTarget, selectedOptions: ['Monday'] },
)

export const EditedMessageEvent = defineEvent(
  'editedMessage',
  { id: 'EditedMessageEvent', en: 'A message was edited.', es: 'Se editó un mensaje.' },
  {
    ...everyMessage,
    targetMessage,
    value: described(z.string(), 'The new text or caption.', 'El nuevo texto o leyenda.'),
  },
  { ...exampleMessage, targetMessage: exampleTarget, value: 'Is the shop open tomorrow?' },
)

export const RevokedMessageEvent = defineEvent(
  'revokedMessage',
  {
    id: 'RevokedMessageEvent',
    en: 'A message was deleted for everyone.',
    es: 'Se eliminó un mensaje para todos.',
  },
  { ...everyMessage, targetMessage },
  { ...exampleMessage, targetMessage: exampleTarget },
)

const groupChange = {
  senderNumber: described(Jid, 'JID of the group.', 'JID del grupo.'),
  messageTimestamp: everyMessage.messageTimestamp,
  participant: described(Jid.optional(), 'Who did it, when known.', 'Quién lo hizo, si se conoce.'),
}
const exampleGroup = {
  senderNumber: '120363041234567890@g.us',
  messageTimestamp: 1767225600,
  participant: '34600111222@s.whatsapp.net',
}

export const GroupUpdateEvent = defineEvent(
  'groupUpdate',
  { id: 'GroupUpdateEvent', en: 'Something about a group changed.', es: 'Cambió algo de un grupo.' },
  {
    ...groupChange,
    action: described(
      z.enum([
        'created',
        'subject',
        'description',
        'picture',
        'announcement',
        'locked',
        'ephemeral',
        'memberAddMode',
        'joinApproval',
        'inviteCode',
        'other',
      ]),
      'What changed.',
      'Qué cambió.',
    ),
    value: described(
      z.string(),
      'The new value; `""` when it has none.',
      'El nuevo valor; `""` si no tiene.',
    ),
  },
  { ...exampleGroup, action: 'subject', value: 'Weekend plans' },
)

export const GroupParticipantsUpdateEvent = defineEvent(
  'groupParticipantsUpdate',
  {
    id: 'GroupParticipantsUpdateEvent',
    en: 'People joined or left a group, or became or ceased to be its administrators.',
    es: 'Alguien entró o salió de un grupo, o pasó o dejó de ser administrador.',
  },
  {
    ...groupChange,
    action: described(
      z.enum(['add', 'remove', 'promote', 'demote', 'modify']),
      'What happened to them.',
      'Qué les sucedió.',
    ),
    participants: described(z.array(Jid), 'Whom it is about.', 'A quiénes se refiere.'),
  },
  { ...exampleGroup, action: 'add', participants: ['34600333444@s.whatsapp.net'] },
)

export const PresenceUpdateEvent = defineEvent(
  'presenceUpdate',
  {
    id: 'PresenceUpdateEvent',
    en: 'Somebody is typing, recording, online or away.',
    es: 'Alguien escribe, graba, está en línea o ausente.',
  },
  {
    senderNumber: everyMessage.senderNumber,
    participant: everyMessage.participant,
    presence: described(
      z.enum(['available', 'unavailable', 'composing', 'recording', 'paused']),
      'What they do.',
      'Qué hace.',
    ),
    lastSeen: described(
      z.int().nonnegative().optional(),
      'When they were last online, in Unix seconds.',
      'Cuándo estuvo en línea por última vez, en segundos Unix.',
    ),
  },
  { senderNumber: '34600111222@s.whatsapp.net', presence: 'composing' },
)

export const IdentityUpdateEvent = defineEvent(
  'identityUpdate',
  {
    id: 'IdentityUpdateEvent',
    en: 'The phone number of somebody who was known by a LID alone became known.',
    es: 'Se conoció el número de teléfono de alguien de quien solo se sabía el LID.',
  },
  {
    lid: described(Jid, 'The LID.', 'El LID.'),
    senderNumber: described(Jid, 'JID with the phone number.', 'JID con el número de teléfono.'),
  },
  { lid: '180001112223334@lid', senderNumber: '34600111222@s.whatsapp.net' },
)
