import { z } from 'zod'
import { MessageReference } from '../event/field.ts'
import { PresenceUpdateEvent } from '../event/change.ts'
import { Jid } from '../id.ts'

export const maxReadMessages = 100
/** Chats of a session whose presence is told; beyond, the oldest is forgotten. */
export const maxPresenceSubscriptions = 200

const { idMessage, participant } = MessageReference.shape

export const readMessages = z
  .array(z.strictObject({ idMessage, participant }))
  .min(1)
  .max(maxReadMessages)
  .meta({ description: 'Messages that others wrote; in a group with `participant`.' })

const chat = Jid.meta({ description: 'JID of the chat, the `senderNumber` of its events.' })

/** Blue ticks for messages of one chat. */
export const MarkRead = z
  .strictObject({ to: chat, messages: readMessages })
  .refine(({ to, messages }) => !to.endsWith('@g.us') || messages.every((message) => message.participant), {
    path: ['messages'],
    error: 'name the participant of each message in a group',
  })
  .meta({
    id: 'MarkRead',
    examples: [{ to: '34600111222@s.whatsapp.net', messages: [{ idMessage: '3EB0C767D097B7C35B12A0' }] }],
  })

export const presence = PresenceUpdateEvent.shape.presence

const ofAccount = new Set<string>(['available', 'unavailable'])

export const SetPresence = z
  .strictObject({
    presence: presence.meta({
      description:
        '`composing`, `recording`, `paused` in the chat `to`; `available`, `unavailable` of the whole account. While it is `available` its phone shows no notifications.',
    }),
    to: chat.optional(),
  })
  .refine((given) => ofAccount.has(given.presence) === (given.to === undefined), {
    path: ['to'],
    error: 'give the chat for composing, recording and paused; none for available and unavailable',
  })
  .meta({ id: 'SetPresence', examples: [{ presence: 'composing', to: '34600111222@s.whatsapp.net' }] })

/** Whose presence is to be told. */
export const SubscribePresence = z.strictObject({ to: chat }).meta({
  id: 'SubscribePresence',
  examples: [{ to: '34600111222@s.whatsapp.net' }],
})
