import { z } from 'zod'

export const maxMessagesPerMinute = 6000
export const maxBurst = 1000

/**
 * What a session has unless told otherwise. WhatsApp publishes no figure: one message a second is what a busy person
 * manages, and twenty at once is a conversation, not a campaign.
 */
export const defaultPacing = { messagesPerMinute: 60, burst: 20 }

/** How fast the messages of a session go. */
export const Pacing = z
  .strictObject({
    messagesPerMinute: z
      .int()
      .min(1)
      .max(maxMessagesPerMinute)
      .meta({ description: 'How many go in a minute, evenly, when many wait.' }),
    burst: z
      .int()
      .min(1)
      .max(maxBurst)
      .default(defaultPacing.burst)
      .meta({ description: 'How many may go at once after a pause.' }),
  })
  .meta({ id: 'Pacing', examples: [defaultPacing] })
export type Pacing = z.infer<typeof Pacing>
