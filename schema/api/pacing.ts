import { z } from 'zod'

export const maxMessagesPerMinute = 6000
export const maxBurst = 1000

/**
 * What a session has unless told otherwise. WhatsApp publishes no figure: two messages a second is what a busy team
 * manages, and sixty at once is many conversations, not a campaign. Who writes to strangers should choose less.
 */
export const defaultPacing = { messagesPerMinute: 120, burst: 60 }

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
