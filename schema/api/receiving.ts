import { z } from 'zod'

/** What a session takes in besides the messages of its chats. */
export const Receiving = z.strictObject({
  history: z.boolean().meta({
    description:
      'Take the history that the phone shares at linking into the log, as events with `isHistory`, for subscriptions with `includeHistory`. Chosen before linking.',
  }),
  includeStatus: z.boolean().meta({
    description: 'Also what contacts post as their status: `senderNumber` is `status@broadcast`.',
  }),
  includeNewsletters: z.boolean().meta({
    description: 'Also what channels post that the account follows: `senderNumber` ends with `@newsletter`.',
  }),
})
export type Receiving = z.infer<typeof Receiving>

export const defaultReceiving: Receiving = { history: false, includeStatus: false, includeNewsletters: false }
