import { z } from 'zod'
import { MessageType } from '../event/event.ts'
import { IdSession, IdSubscription } from '../id.ts'
import { IsoTime, nextCursor } from './common.ts'

/** A tenant has at most so many: each of its sessions keeps a copy of the list. */
export const maxSubscriptions = 100
export const maxHeaders = 20
export const maxUrlLength = 2048
/** A subscription names at most so many sessions: each of the tenant's sessions keeps a copy. */
export const maxNamedSessions = 1000
/** … and at most so many types, which leaves room for all of them. */
export const maxNamedTypes = 100

/** Characters of a header's value. */
const maxHeaderCharacters = 1024

const HeaderValue = z
  .string()
  .max(maxHeaderCharacters)
  .regex(/^[\t\x20-\x7e]*$/, 'use printable characters of ASCII')

const Headers = z
  .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), HeaderValue, {
    error: ({ code }) => (code === 'invalid_key' ? 'use at most 64 letters, digits and hyphens' : undefined),
  })
  .refine((headers) => Object.keys(headers).length <= maxHeaders, `use at most ${maxHeaders} headers`)
  .refine((headers) => {
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    return new Set(names).size === names.length
  }, 'name each header once; upper and lower case make no difference')

/** `whsec_` and 24 to 64 bytes in base64. */
export const Secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'use whsec_ and 24 to 64 bytes in base64')
  .refine((secret) => {
    const base64 = secret.slice('whsec_'.length)
    const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4)
    return base64.length % 4 === 0 && bytes >= 24 && bytes <= 64
  }, 'use whsec_ and 24 to 64 bytes in base64')

const settings = {
  url: z
    .string()
    .min(1)
    .max(maxUrlLength)
    .meta({
      description: 'Where events are POSTed: `https`, a public host.',
      examples: ['https://example.com/chatlink'],
    }),
  events: z
    .array(
      z.union([MessageType, z.literal('*')], {
        error: 'use a message type, as `GET /v1/event-types` lists them, or `*`',
      }),
    )
    .min(1)
    .max(maxNamedTypes)
    .nullable()
    .meta({ description: 'Message types, or `["*"]` for all; `null` is the eight of the core contract.' }),
  sessions: z
    .array(IdSession)
    .min(1)
    .max(maxNamedSessions)
    .nullable()
    .meta({ description: 'Only these sessions; `null` is all.' }),
  description: z.string().max(500).nullable(),
  headers: Headers.meta({ description: 'Sent with each request, besides ChatLink’s own.' }),
  ordering: z.enum(['chat', 'session', 'none']).meta({
    description:
      '`chat`: events of one chat one at a time, in order. `session`: all in one line. `none`: at once.',
  }),
  includeFromMe: z.boolean().meta({ description: 'Also the account’s own messages.' }),
  includeHistory: z.boolean().meta({ description: 'Also messages of the history shared at linking.' }),
  rateLimitPerSecond: z
    .int()
    .min(1)
    .max(1000)
    .nullable()
    .meta({ description: 'At most so many requests a second, over all sessions.' }),
}

/** A bare `"*"` is taken for the list of it: no union, which would not tell which type of a list is wrong. */
const chosenEvents = z.preprocess((given) => (given === '*' ? ['*'] : given), settings.events)

export const CreateSubscription = z
  .strictObject({
    url: settings.url,
    events: chosenEvents.default(null),
    sessions: settings.sessions.default(null),
    description: settings.description.default(null),
    headers: settings.headers.default({}),
    ordering: settings.ordering.default('chat'),
    includeFromMe: settings.includeFromMe.default(false),
    includeHistory: settings.includeHistory.default(false),
    rateLimitPerSecond: settings.rateLimitPerSecond.default(null),
    secret: Secret.optional().meta({ description: 'A secret of your own; ChatLink makes one when absent.' }),
  })
  .meta({
    id: 'CreateSubscription',
    examples: [
      { url: 'https://example.com/chatlink' },
      { url: 'https://example.com/all', events: ['*'], sessions: ['support'], includeFromMe: true },
    ],
  })
export type CreateSubscription = z.infer<typeof CreateSubscription>

export const UpdateSubscription = z
  .strictObject({ ...settings, events: chosenEvents, status: z.enum(['enabled', 'disabled', 'paused']) })
  .partial()
  .meta({ id: 'UpdateSubscription', examples: [{ url: 'https://example.com/new' }] })
export type UpdateSubscription = z.infer<typeof UpdateSubscription>

const view = {
  idSubscription: IdSubscription,
  ...settings,
  status: z.enum(['enabled', 'disabled', 'paused']),
  statusReason: z.string().nullable().meta({ description: 'Why it was disabled, as a code.' }),
  createdAt: IsoTime,
  updatedAt: IsoTime,
}

export const SubscriptionView = z.object(view).meta({ id: 'Subscription' })
export type SubscriptionView = z.infer<typeof SubscriptionView>

export const SubscriptionHealth = z
  .object({
    idSession: IdSession,
    state: z.string().meta({ description: 'How deliveries of this session go.' }),
    sequence: z.int().meta({ description: 'Newest event of the session.' }),
    cursor: z.int().meta({ description: 'All events up to here are settled or listed as deliveries.' }),
    lagEvents: z.int().meta({ description: 'Events that are not settled; of those far behind, at most.' }),
    lagSeconds: z.number().meta({ description: 'Age of the oldest event that waits.' }),
    replay: z
      .object({
        fromSequence: z.int(),
        toSequence: z.int(),
        position: z.int().meta({ description: 'All events up to here have been sent or passed over.' }),
        isDone: z.boolean(),
        delivered: z.int(),
        failed: z.int(),
      })
      .nullable()
      .meta({ description: 'The newest replay and how far it has come.' }),
    successRate: z.number().nullable(),
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
  })
  .meta({ id: 'SubscriptionHealth' })

export const SubscriptionDetail = z
  .object({ ...view, health: z.array(SubscriptionHealth).meta({ description: 'One entry a session.' }) })
  .meta({ id: 'SubscriptionDetail' })

export const NewSubscription = z
  .object({
    ...view,
    secret: z.string().meta({
      description: 'Verifies the signatures. It is shown this once.',
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
  })
  .meta({ id: 'NewSubscription' })

export const SubscriptionPage = z
  .object({ subscriptions: z.array(SubscriptionView), cursor: nextCursor })
  .meta({ id: 'SubscriptionPage' })

export const maxSecretOverlapSeconds = 7 * 86_400

export const RotateSecret = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(maxSecretOverlapSeconds)
      .default(86_400)
      .meta({ description: 'How long the old secret signs too.' }),
  })
  .meta({ id: 'RotateSecret', examples: [{ overlapSeconds: 3600 }] })
export type RotateSecret = z.infer<typeof RotateSecret>

export const RotatedSecret = z
  .object({ idSubscription: IdSubscription, secret: z.string(), oldSecretExpiresAt: IsoTime })
  .meta({ id: 'RotatedSecret' })

export const TestSubscription = z
  .strictObject({ messageType: MessageType.optional() })
  .meta({ id: 'TestSubscription', examples: [{ messageType: 'imageMessage' }] })
export type TestSubscription = z.infer<typeof TestSubscription>
