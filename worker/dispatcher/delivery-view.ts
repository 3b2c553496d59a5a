import type { Attempt, DeadRecord, Delivered, LaneRecord } from './record.ts'

export type DeliveryStatus = 'pending' | 'delivered' | 'failing' | 'exhausted'

/** One event of one subscription, as the API shows it; times in milliseconds. */
export interface DeliveryView {
  idEvent: string
  idSession: string
  sequence: number
  status: DeliveryStatus
  attempts: number
  nextAttemptAt: number | null
  lastStatusCode: number | null
  lastError: string | null
  deliveredAt: number | null
}

/** One request, as the API shows it; times in milliseconds. */
export interface AttemptView {
  at: number
  statusCode: number | null
  errorClass: string | null
  durationMs: number
  trigger: string
  url: string
  responseExcerpt: string | null
  nextAttemptAt: number | null
}

const fresh = { attempts: 0, nextAttemptAt: null, lastStatusCode: null, lastError: null, deliveredAt: null }

/** An event that has not been tried. */
export function viewPending(idSession: string, sequence: number, idEvent: string): DeliveryView {
  return { idEvent, idSession, sequence, status: 'pending', ...fresh }
}

/** An event that fails and will be tried again. */
export function viewFailing(idSession: string, lane: LaneRecord): DeliveryView {
  return {
    idEvent: lane.idEvent ?? '',
    idSession,
    sequence: lane.sequence ?? 0,
    status: 'failing',
    attempts: lane.attempts,
    nextAttemptAt: lane.nextAt,
    lastStatusCode: lane.lastStatus,
    lastError: lane.lastError,
    deliveredAt: null,
  }
}

/** An event that is not tried any more by itself; `lastError` tells why when no attempt does. */
export function viewDead(idSession: string, dead: DeadRecord): DeliveryView {
  return {
    ...fresh,
    idEvent: dead.idEvent,
    idSession,
    sequence: dead.sequence,
    status: 'exhausted',
    attempts: dead.attempts,
    lastStatusCode: dead.lastStatus,
    lastError: dead.lastError ?? dead.reason,
  }
}

/** An event that has been delivered; a failure afterwards, when it was sent again, does not undo that. */
export function viewDelivered(idSession: string, delivered: Delivered): DeliveryView {
  const last = delivered.attempts.at(-1)
  const success = delivered.attempts.findLast(({ error }) => error === null)
  return {
    ...fresh,
    idEvent: delivered.idEvent,
    idSession,
    sequence: delivered.sequence,
    status: 'delivered',
    attempts: delivered.attempts.length,
    lastStatusCode: last?.status ?? null,
    lastError: last?.error ?? null,
    deliveredAt: success ? success.at + success.durationMs : null,
  }
}

/** One request. */
export function viewAttempt(attempt: Attempt): AttemptView {
  return {
    at: attempt.at,
    statusCode: attempt.status,
    errorClass: attempt.error,
    durationMs: attempt.durationMs,
    trigger: attempt.trigger,
    url: attempt.url,
    responseExcerpt: attempt.status === null ? null : attempt.excerpt,
    nextAttemptAt: attempt.nextAt,
  }
}
