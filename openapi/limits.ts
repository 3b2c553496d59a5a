import { maxIdempotencyKeyLength, maxPageSize } from '../schema/api/common.ts'
import { maxCheckedNumbers } from '../schema/api/contact.ts'
import { maxEventPageSize } from '../schema/api/event.ts'
import { maxFileBytes } from '../schema/api/file.ts'
import { maxQueuedMessages, maxWaitSeconds } from '../schema/api/message.ts'
import {
  maxHeaders,
  maxNamedSessions,
  maxNamedTypes,
  maxSecretOverlapSeconds,
  maxSubscriptions,
  maxUrlLength,
} from '../schema/api/subscription.ts'

/** The largest JSON body that the API takes. */
export const maxJsonBytes = 1024 * 1024

const mebibytes = (bytes: number) => `${bytes / 1024 / 1024} MiB`

/** What a client of the API runs into, as the documents show it. */
export const limits = [
  { what: 'JSON body of a request', value: mebibytes(maxJsonBytes) },
  { what: 'a file', value: mebibytes(maxFileBytes) },
  { what: 'entries on a page', value: `${maxPageSize}` },
  { what: 'events on a page', value: `${maxEventPageSize}` },
  { what: 'waiting for WhatsApp’s acknowledgement', value: `${maxWaitSeconds} s` },
  { what: 'messages of a session that wait to be sent', value: `${maxQueuedMessages}` },
  { what: 'characters of an `Idempotency-Key`', value: `${maxIdempotencyKeyLength}` },
  { what: 'subscriptions of a tenant', value: `${maxSubscriptions}` },
  { what: 'characters of a webhook’s URL', value: `${maxUrlLength}` },
  { what: 'numbers in one check of contacts', value: `${maxCheckedNumbers}` },
  { what: 'own headers of a subscription', value: `${maxHeaders}` },
  { what: 'sessions that a subscription names', value: `${maxNamedSessions}` },
  { what: 'types that a subscription or a replay names', value: `${maxNamedTypes}` },
  { what: 'overlap of a rotated secret', value: `${maxSecretOverlapSeconds / 86_400} days` },
]
