import { readRetryAfter } from './retry-after.ts'

/** Why an attempt failed, as tenants see it. Nothing here tells about the network behind. */
export type AttemptError =
  | 'timeout'
  | 'connectionFailed'
  | 'dnsFailed'
  | 'tlsFailed'
  | 'blockedTarget'
  | 'invalidRequest'
  | 'redirect'
  | 'httpStatus'

/** What an attempt brought: an answer, or none. */
export type Answer =
  | {
      kind: 'answer'
      status: number
      retryAfter: string | null
      webhookDelivery: string | null
      excerpt: string
      /** What it means when the network between has answered in the endpoint's place. */
      failure?: Failure
    }
  | { kind: 'none'; error: Failure }

/** Why an endpoint itself has not answered. */
export type Failure = Exclude<AttemptError, 'httpStatus' | 'redirect'>

/** Why a subscription is disabled by its deliveries. */
export type DisableReason = 'gone' | 'endpointAsked' | 'onlyFailures'

export interface Verdict {
  isDelivered: boolean
  error: AttemptError | null
  /** No attempt follows by itself. */
  isFinal: boolean
  disables: Exclude<DisableReason, 'onlyFailures'> | null
  /** The endpoint asks to be spared as a whole. */
  slowsDown: boolean
  /** What `Retry-After` asks for, from the moment of the answer, within bounds. */
  retryAfterMs: number | null
}

const slowing: ReadonlySet<number> = new Set([429, 502, 503, 504])

/**
 * Judges an attempt. 2xx delivers and nothing else does; redirects are never followed. `webhook-delivery: abort-message`
 * gives this event up, `disable` (or status 410) the subscription.
 */
export function judge(answer: Answer, now: number): Verdict {
  if (answer.kind === 'none') {
    return {
      isDelivered: false,
      error: answer.error,
      isFinal: answer.error === 'invalidRequest',
      disables: null,
      slowsDown: false,
      retryAfterMs: null,
    }
  }
  const { status } = answer
  const asked = readDirectives(answer.webhookDelivery)
  const isDelivered = status >= 200 && status < 300
  const slowsDown = slowing.has(status)
  return {
    isDelivered,
    error: isDelivered
      ? null
      : (answer.failure ?? (status >= 300 && status < 400 ? 'redirect' : 'httpStatus')),
    isFinal: isDelivered || asked.has('abort-message'),
    disables: asked.has('disable') ? 'endpointAsked' : status === 410 ? 'gone' : null,
    slowsDown,
    retryAfterMs: isDelivered ? null : readRetryAfter(answer.retryAfter, now),
  }
}

/** What a tenant reads about an error class. */
export const errorTexts: Record<AttemptError, string> = {
  timeout: 'The endpoint did not answer within 15 seconds.',
  connectionFailed:
    'The connection to the endpoint failed. Check that it runs and can be reached from outside.',
  dnsFailed:
    'The host name of the endpoint was not found, or leads to an address that is not allowed. Check the URL.',
  tlsFailed:
    'The endpoint’s TLS certificate was not accepted. Check that it is valid and matches the host name.',
  blockedTarget: 'The URL leads to an address that is not allowed. Use a public https URL.',
  invalidRequest: 'The request could not be made. Check the URL and the custom headers of the subscription.',
  redirect: 'The endpoint answered with a redirect, which is never followed. Subscribe the final URL.',
  httpStatus: 'The endpoint answered with a status other than 2xx.',
}

const noDirectives: ReadonlySet<string> = new Set()

function readDirectives(value: string | null): ReadonlySet<string> {
  return value === null ? noDirectives : new Set(value.split(',').map((part) => part.trim().toLowerCase()))
}
