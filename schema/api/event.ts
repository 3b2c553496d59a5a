import { z } from 'zod'
import { Event, MessageType } from '../event/event.ts'

export const defaultEventPageSize = 100
export const maxEventPageSize = 1000

const typeList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(MessageType).min(1))

/** Query of a pull: the same log as push. */
export const EventQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(0)
    .meta({ description: 'Events after this sequence; 0 begins with the oldest that is kept.' }),
  limit: z.coerce.number().int().min(1).max(maxEventPageSize).default(defaultEventPageSize),
  types: typeList.optional().meta({ description: 'Message types, separated by commas.' }),
})

export const EventPage = z
  .object({
    events: z.array(Event),
    nextAfter: z.int().nonnegative().meta({ description: 'What to ask for next as `after`.' }),
    hasMore: z.boolean(),
  })
  .meta({ id: 'EventPage' })

export const EventTypeList = z
  .object({
    eventTypes: z.array(
      z.object({
        messageType: MessageType,
        isOptIn: z.boolean().meta({ description: 'Sent only to subscriptions that name it, or `"*"`.' }),
        description: z.object({ en: z.string(), es: z.string() }),
        example: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: 'EventTypeList' })

export const InvalidEventList = z
  .object({
    events: z.array(
      z.object({
        number: z.int(),
        at: z.string(),
        reason: z.string(),
        body: z.string(),
      }),
    ),
  })
  .meta({ id: 'InvalidEventList' })
