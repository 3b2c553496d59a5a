import { z } from 'zod'

/** Why no connector runs what is to run. */
export const WaitingReason = z.enum(['noConnector', 'noRoom'])
export type WaitingReason = z.infer<typeof WaitingReason>

/** What sessions and messages show while they wait for a connector; absent otherwise. */
export const waiting = {
  waitingReason: WaitingReason.optional().meta({
    description:
      'Only while no connector runs the session: `noConnector` none is there, `noRoom` those that are there are full, leaving or failing.',
  }),
  waitingText: z.string().optional().meta({ description: 'The same in words, and what to do.' }),
}
