import { z } from 'zod'
import { MessageType } from '../event/event.ts'
import { IdEvent, IdSession } from '../id.ts'
import { cursorLike, IsoTime, nextCursor, PageQuery } from './common.ts'
import { maxNamedTypes } from './subscription.ts'

export const DeliveryStatus = z.enum(['pending', 'delivered', 'failing', 'exhausted'])
export type DeliveryStatus = z.infer<typeof DeliveryStatus>

export const DeliveryQuery = PageQuery.extend({
  idSession: IdSession.optional().meta({ description: 'Only this session’s.' }),
  status: DeliveryStatus.optional(),
  cursor: cursorLike(/^[0-9a-f]{16}\.\d{0,15}$/),
})

export const Attempt = z
  .object({
    at: IsoTime,
    statusCode: z.int().nullable(),
    errorClass: z
      .string()
      .nullable()
      .meta({ description: 'Such as `timeout`, `connectionFailed`, `httpStatus`.' }),
    durationMs: z.number(),
    trigger: z.string().meta({ description: 'Why it was made: `automatic`, `manual`, `replay` …' }),
    url: z.string(),
    responseExcerpt: z.string().nullable().meta({ description: 'The first bytes of the answer.' }),
    nextAttemptAt: IsoTime.nullable(),
  })
  .meta({
    id: 'Attempt',
    examples: [
      {
        at: '2026-01-31T12:00:00.000Z',
        statusCode: 503,
        errorClass: 'httpStatus',
        durationMs: 37,
        trigger: 'automatic',
        url: 'https://example.com/chatlink',
        responseExcerpt: 'try later',
        nextAttemptAt: '2026-01-31T12:00:05.000Z',
      },
    ],
  })
export type Attempt = z.infer<typeof Attempt>

const delivery = {
  idEvent: IdEvent,
  idSession: IdSession,
  sequence: z.int().positive(),
  status: DeliveryStatus,
  attempts: z.int().nonnegative(),
  nextAttemptAt: IsoTime.nullable(),
  lastStatusCode: z.int().nullable(),
  lastError: z.string().nullable(),
  deliveredAt: IsoTime.nullable(),
}

export const DeliveryView = z.object(delivery).meta({
  id: 'Delivery',
  examples: [
    {
      idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd',
      idSession: 'support',
      sequence: 42,
      status: 'failing',
      attempts: 2,
      nextAttemptAt: '2026-01-31T12:02:00.000Z',
      lastStatusCode: 503,
      lastError: 'httpStatus',
      deliveredAt: null,
    },
  ],
})
export type DeliveryView = z.infer<typeof DeliveryView>

export const DeliveryPage = z
  .object({ deliveries: z.array(DeliveryView), cursor: nextCursor })
  .meta({ id: 'DeliveryPage' })

export const DeliveryDetail = z
  .object({ ...delivery, attemptLog: z.array(Attempt).meta({ description: 'Oldest first.' }) })
  .meta({ id: 'DeliveryDetail' })

export const TestResult = z
  .object({
    delivered: z.boolean(),
    statusCode: z.int().nullable(),
    errorClass: z.string().nullable(),
    durationMs: z.number(),
    responseExcerpt: z.string().nullable(),
    enableUrl: z.string().nullable().meta({
      description:
        'What to POST to, to enable the subscription again: told when the test went well and it is disabled.',
    }),
  })
  .meta({
    id: 'TestResult',
    examples: [
      {
        delivered: true,
        statusCode: 200,
        errorClass: null,
        durationMs: 37,
        responseExcerpt: 'thanks',
        enableUrl: null,
      },
    ],
  })

export const RetryResult = z
  .object({ isDelivered: z.boolean(), attempt: Attempt })
  .meta({ id: 'RetryResult' })

export const Replay = z
  .strictObject({
    idSession: IdSession.optional().meta({
      description: 'Only this session; all of the subscription’s when absent.',
    }),
    since: IsoTime.optional().meta({ description: 'Events logged at or after this time.' }),
    afterSequence: z.int().nonnegative().optional().meta({ description: 'Events after this sequence.' }),
    types: z.array(MessageType).min(1).max(maxNamedTypes).optional(),
    onlyFailed: z.boolean().default(false).meta({ description: 'Only those that were never delivered.' }),
  })
  .refine(({ since, afterSequence }) => since === undefined || afterSequence === undefined, {
    message: 'use `since` or `afterSequence`, not both',
  })
  .meta({ id: 'Replay', examples: [{ since: '2026-01-31T12:00:00.000Z', onlyFailed: true }] })
export type Replay = z.infer<typeof Replay>

export const ReplayStarted = z
  .object({
    sessions: z.array(z.object({ idSession: IdSession, fromSequence: z.int(), toSequence: z.int() })),
  })
  .meta({ id: 'ReplayStarted' })
