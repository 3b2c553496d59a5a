import { z } from 'zod'
import { Event, MessageType } from '../event/event.ts'
import { IsoTime, queryInteger, wholeNumber } from './common.ts'

export const defaultEventPageSize = 100
export const maxEventPageSize = 1000

const typeList = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(MessageType).min(1))

/** Query of a pull: the same log as push. */
export const EventQuery = z.strictObject({
  after: queryInteger(wholeNumber(0).default(0)).meta({
    description: 'Events after this sequence; 0 begins with the oldest that is kept.',
  }),
  limit: queryInteger(wholeNumber(1, maxEventPageSize).default(defaultEventPageSize)),
  types: typeList.optional().meta({ description: 'Message types, separated by commas.' }),
})

/** While nothing happens, a stream says so this often. */
export const streamHeartbeatSeconds = 15
/** After so many rounds, of events or of silence, a stream is ended: a request on Cloudflare may ask objects so often. */
export const maxStreamRounds = 300

/** Query of a live stream. */
export const EventStreamQuery = z.strictObject({
  after: queryInteger(wholeNumber(0).optional()).meta({
    description: 'Events after this sequence; without it, what comes next.',
  }),
  types: EventQuery.shape.types,
})

export const EventStreamHeader = z.object({
  'last-event-id': queryInteger(wholeNumber(0).optional()).meta({
    description: 'Sent by clients that come back: goes before `after`.',
  }),
})

export const EventPage = z
  .object({
    events: z.array(Event),
    nextAfter: z.int().nonnegative().meta({ description: 'What to ask for next as `after`.' }),
    hasMore: z.boolean().meta({
      description: 'Whether the log goes on: a page may hold fewer than `limit`, even none, when it does.',
    }),
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

export const InvalidEventQuery = z.strictObject({
  after: queryInteger(wholeNumber(0).default(0)).meta({ description: 'Entries after this position.' }),
  limit: queryInteger(wholeNumber(1, 100).default(50)),
})

export const InvalidEventList = z
  .object({
    events: z.array(
      z.object({
        position: z.int().positive(),
        at: IsoTime,
        reason: z.string().meta({ description: 'What the contract says against it.' }),
        event: z.string().meta({ description: 'The event as it came, JSON; cut when very long.' }),
      }),
    ),
  })
  .meta({ id: 'InvalidEventList' })
