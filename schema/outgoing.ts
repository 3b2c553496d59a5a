import { z } from 'zod'
import { described } from './event/field.ts'
import { Jid } from './id.ts'

const to = described(
  Jid,
  'JID of the chat: `…@s.whatsapp.net` for a person, `…@g.us` for a group.',
  'JID del chat: `…@s.whatsapp.net` para una persona, `…@g.us` para un grupo.',
)

/** A message that the account is to send; the names are those of the events. */
export const OutgoingMessage = z
  .discriminatedUnion('messageType', [
    z.strictObject({
      to,
      messageType: z.literal('conversation'),
      value: described(z.string().min(1).max(65_536), 'The text.', 'El texto.'),
    }),
  ])
  .meta({ id: 'OutgoingMessage' })
export type OutgoingMessage = z.infer<typeof OutgoingMessage>
