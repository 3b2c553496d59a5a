import type { MessageType } from '../../schema/event/event.ts'
import type { SessionRef } from '../../schema/link.ts'
import type { Origin } from '../idempotency.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import type { BreakerRecord } from './breaker.ts'
import type { Answer, AttemptError, DisableReason } from './outcome.ts'

/** What a Dispatcher was told to be. */
export interface Settings {
  ref: SessionRef
  config: SubscriptionConfig
  startAfter: number
}

export type Trigger = 'automatic' | 'manual' | 'replay'

/** One HTTP request, as tenants see it. */
export interface Attempt {
  at: number
  durationMs: number
  trigger: Trigger
  url: string
  status: number | null
  error: AttemptError | null
  excerpt: string
  nextAt: number | null
}

/** What is kept of a request once it has ended at `until`; whether another follows is not decided yet. */
export function makeAttempt(
  request: Pick<Attempt, 'at' | 'trigger' | 'url'>,
  answer: Answer,
  error: AttemptError | null,
  until: number,
): Attempt {
  const { at, trigger, url } = request
  const isAnswered = answer.kind === 'answer'
  const status = isAnswered ? answer.status : null
  const excerpt = isAnswered ? answer.excerpt : ''
  return { at, durationMs: until - at, trigger, url, status, error, excerpt, nextAt: null }
}

/** A delivered event in a batch, with all attempts that it took. */
export interface Delivered {
  sequence: number
  idEvent: string
  attempts: Attempt[]
}

/** A lane that is not simply part of the stream: its first event fails, or it is catching up. */
export interface LaneRecord {
  lane: string
  /** All of this lane up to here is settled, or read and open. */
  position: number
  /** The event that fails; null while the lane catches up. */
  sequence: number | null
  idEvent: string | null
  attempts: number
  nextAt: number | null
  /** When its event began to fail; 0 when the endpoint itself has said when to come again. */
  since: number
  isTold: boolean
  lastStatus: number | null
  lastError: AttemptError | null
}

export type DeadReason = 'exhausted' | 'abandoned' | 'expired' | 'disabled'

/** An event that is not tried any more by itself. */
export interface DeadRecord {
  sequence: number
  idEvent: string
  at: number
  reason: DeadReason
  attempts: number
  lastStatus: number | null
  lastError: AttemptError | null
}

export interface Replay {
  after: number
  /** Everything up to here is settled. */
  position: number
  through: number
  types: MessageType[] | null
  onlyFailed: boolean
  startedAt: number
  finishedAt: number | null
  delivered: number
  failed: number
  /** Of the request, when it came under an `Idempotency-Key`. */
  origin?: Origin<'rep'>
}

/** `version`: of the configuration that was sent by. */
export interface Disabled {
  reason: DisableReason
  version: number
  isReported: boolean
}

/** What changes when things go wrong or a tenant acts; never for a plain delivery. */
export interface Control {
  breaker: BreakerRecord | null
  /** First failure since the last success. */
  failingSince: number | null
  failures: number
  lastSuccessAt: number | null
  lastFailureAt: number | null
  lastError: AttemptError | null
  /** Disabled here; the Tenant is told until it knows. Cleared by a newer configuration. */
  disabled: Disabled | null
  /** One that was cleared before the Tenant knew. */
  unreported?: Disabled | null
  replay: Replay | null
  /** Events that the log forgot before they could be delivered. */
  expired: number
}

/** A Dispatcher that nothing has happened to. */
export function makeControl(): Control {
  return {
    breaker: null,
    failingSince: null,
    failures: 0,
    lastSuccessAt: null,
    lastFailureAt: null,
    lastError: null,
    disabled: null,
    replay: null,
    expired: 0,
  }
}

/** A part of the log that was never tried: whole, or of one lane. Sequences after `after` through `through`. */
export interface Missed {
  after: number
  through: number
  lane: string | null
}
