import { count } from '../counts.ts'
import { retryDelay } from './backoff.ts'
import type { BatchLimiter } from './batch-limiter.ts'
import type { Breaker } from './breaker.ts'
import type { Health } from './health.ts'
import type { Job } from './job.ts'
import type { LaneBook } from './lane-book.ts'
import type { Ledger } from './ledger.ts'
import { singleLane } from './match.ts'
import { makeNotice, tellAfterFailures } from './notice.ts'
import { judge, type Answer, type DisableReason, type Verdict } from './outcome.ts'
import {
  makeAttempt,
  type Attempt,
  type Control,
  type DeadReason,
  type Settings,
  type Trigger,
} from './record.ts'
import type { DispatcherStore } from './store.ts'
import type { Stream } from './stream.ts'

export interface SettlementParts {
  store: DispatcherStore
  stream: Stream
  book: LaneBook
  ledger: Ledger
  breaker: Breaker
  control: Control
  health: Health
  limiter: BatchLimiter
  settings: () => Settings
  schedule: readonly number[]
  random: () => number
}

interface Request {
  at: number
  url: string
}

const triggers: Record<Job['kind'], Trigger> = {
  live: 'automatic',
  retry: 'automatic',
  replay: 'replay',
  manual: 'manual',
}

/** What follows from an attempt: delivered, again later, or given up. Changes memory; the ledger writes it. */
export class Settlement {
  readonly #parts: SettlementParts

  constructor(parts: SettlementParts) {
    this.#parts = parts
  }

  settle(job: Job, request: Request, answer: Answer, now: number): Attempt {
    const { health, limiter, settings } = this.#parts
    const judged = judge(answer, now)
    const verdict = request.url === settings().config.url ? judged : ofAnotherUrl(judged)
    const attempt = makeAttempt({ ...request, trigger: triggers[job.kind] }, answer, verdict.error, now)
    health.add(verdict.isDelivered, attempt.durationMs)
    count('attempts', verdict.error ?? 'delivered')
    count('attemptSeconds', '', attempt.durationMs / 1000)
    if (verdict.isDelivered) {
      limiter.delivered(request.url, attempt.durationMs, now)
      this.#delivered(job, attempt, now)
    } else this.#failed(job, attempt, verdict, now)
    if (verdict.disables) this.disable(verdict.disables, job, now)
    return attempt
  }

  /** An event of which nothing is left but its id. */
  expire(job: { sequence: number; idEvent: string; lane: string }, now: number): void {
    const record = this.#parts.book.get(job.lane)
    const history = this.#parts.book.history(this.#parts.store, job.lane)
    this.#bury(job, 'expired', history, record?.lastStatus ?? null, now)
    this.#parts.book.release(job.lane, this.#parts.stream.cursor)
    this.#parts.ledger.touch(now)
  }

  /** An event that waits for its retry is not wanted any more: the filter has changed. */
  drop(lane: string, now: number): void {
    this.#parts.book.release(lane, this.#parts.stream.cursor)
    this.#parts.ledger.touch(now)
  }

  /** Nothing is sent any more until the subscription is enabled; the Tenant is told. */
  disable(reason: DisableReason, job: Job | null, now: number): void {
    const { control, settings, ledger, store } = this.#parts
    if (control.disabled) return
    control.disabled = { reason, version: settings().config.version, isReported: false }
    const notice = makeNotice(settings(), 'disabled', job, { disabled: reason })
    if (notice) ledger.also(() => store.putNotice(notice), now)
    ledger.controlChanged(now)
  }

  #delivered(job: Job, attempt: Attempt, now: number): void {
    const { store, stream, book, ledger, breaker, control } = this.#parts
    const { sequence, idEvent, lane } = job
    const isChanged = breaker.succeed(now)
    if (isChanged && control.failingSince !== null) book.hurry(control.failingSince, now)
    if (isChanged || control.failingSince !== null) {
      control.breaker = breaker.record
      control.failingSince = null
      control.failures = 0
      control.lastSuccessAt = now
      ledger.controlChanged(now)
    }
    control.lastSuccessAt = now
    const record = book.get(lane)
    const isFailing = record?.sequence === sequence
    const earlier = isFailing
      ? book.history(store, lane)
      : store.dead.has(sequence)
        ? store.dead.history(sequence)
        : []
    if (isFailing && record.isTold) this.#tell('recovered', job, null, now)
    if (isFailing) book.release(lane, stream.cursor)
    if (store.dead.has(sequence)) ledger.also(() => store.dead.remove(sequence), now)
    if (job.kind === 'replay' && control.replay) {
      control.replay.delivered++
      ledger.controlChanged(now)
    }
    stream.settle(job)
    ledger.delivered({ sequence, idEvent, attempts: [...earlier, attempt] }, now)
  }

  #failed(job: Job, attempt: Attempt, verdict: Verdict, now: number): void {
    const { book, breaker, control, ledger } = this.#parts
    const isManual = job.kind === 'manual'
    control.lastFailureAt = now
    control.lastError = verdict.error
    if (!isManual) {
      breaker.fail(job.sequence, now, verdict.slowsDown, verdict.retryAfterMs ?? 0)
      control.breaker = breaker.record
      control.failingSince ??= now
      control.failures++
    }
    ledger.controlChanged(now)
    if (!isManual) {
      this.#retryOrBury(job, attempt, verdict, now)
      return
    }
    const record = book.get(job.lane)
    if (record?.sequence === job.sequence) {
      attempt.nextAt = record.nextAt
      book.block({ ...record, lastStatus: attempt.status, lastError: attempt.error }, [attempt])
    } else if (!this.#parts.store.dead.has(job.sequence)) {
      ledger.delivered({ sequence: job.sequence, idEvent: job.idEvent, attempts: [attempt] }, now)
    } else {
      const history = this.#parts.store.dead.history(job.sequence)
      this.#bury(job, 'exhausted', [...history, attempt], attempt.status, now)
    }
  }

  #retryOrBury(job: Job, attempt: Attempt, verdict: Verdict, now: number): void {
    const { store, stream, book, ledger, schedule, random, control } = this.#parts
    const lane = job.kind === 'replay' ? singleLane(job.sequence) : job.lane
    const before = book.get(lane)
    const isKnown = before !== null && before.sequence === job.sequence
    // What is tried early because the endpoint seemed to be back loses nothing when it was not.
    const usualAt = isKnown ? book.usualTime(lane) : null
    if (isKnown && usualAt !== null && !verdict.isFinal) {
      attempt.nextAt = Math.max(usualAt, now + (verdict.retryAfterMs ?? 0))
      const { status: lastStatus, error: lastError, nextAt } = attempt
      book.block({ ...before, since: verdict.retryAfterMs ? 0 : now, nextAt, lastStatus, lastError }, [
        attempt,
      ])
      return
    }
    const attempts = (isKnown ? before.attempts : 0) + 1
    const delay = verdict.isFinal ? null : retryDelay(schedule, attempts, random())
    if (job.kind === 'replay') {
      if (control.replay) control.replay.failed++
      if (store.dead.has(job.sequence)) ledger.also(() => store.dead.remove(job.sequence), now)
    }
    stream.settle(job)
    if (delay === null) {
      const history = [...(isKnown ? book.history(store, lane) : []), attempt]
      this.#bury(job, verdict.isFinal ? 'abandoned' : 'exhausted', history, attempt.status, now)
      if (isKnown) book.release(lane, stream.cursor)
      this.#tell('exhausted', job, verdict, now)
      return
    }
    const askedMs = verdict.retryAfterMs ?? 0
    attempt.nextAt = now + Math.max(delay, askedMs)
    const isTold = isKnown && before.isTold
    const tells = !isTold && attempts >= tellAfterFailures
    if (tells) this.#tell('failing', job, verdict, now)
    const fresh = { lane, position: job.sequence, sequence: job.sequence, idEvent: job.idEvent, since: now }
    const record = isKnown ? before : fresh
    book.block(
      {
        ...record,
        since: askedMs > delay ? 0 : record.since || now,
        attempts,
        nextAt: attempt.nextAt,
        isTold: isTold || tells,
        lastStatus: attempt.status,
        lastError: attempt.error,
      },
      [attempt],
    )
    if (!isKnown) stream.dropBehind(lane)
  }

  #bury(
    job: Pick<Job, 'sequence' | 'idEvent'>,
    reason: DeadReason,
    history: readonly Attempt[],
    lastStatus: number | null,
    now: number,
  ): void {
    const { store, ledger } = this.#parts
    count('deadLetters', reason)
    const { sequence, idEvent } = job
    const lastError = history.at(-1)?.error ?? null
    const record = { sequence, idEvent, at: now, reason, attempts: history.length, lastStatus, lastError }
    ledger.also(() => store.dead.put(record, history), now)
  }

  #tell(action: 'failing' | 'recovered' | 'exhausted', job: Job, verdict: Verdict | null, now: number): void {
    const { settings, ledger, store } = this.#parts
    const notice = makeNotice(settings(), action, job, verdict && { error: verdict.error })
    if (notice) ledger.also(() => store.putNotice(notice), now)
  }
}

/** What an endpoint wished for itself while the subscription moved to another says nothing about that one. */
function ofAnotherUrl(verdict: Verdict): Verdict {
  return { ...verdict, disables: null, slowsDown: false, retryAfterMs: null }
}
