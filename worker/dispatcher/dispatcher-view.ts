import type { BreakerState } from './breaker.ts'
import type { Work } from './work.ts'

/** How one subscription fares with one session; times in milliseconds. */
export interface DispatcherView {
  idSession: string | null
  status: 'enabled' | 'paused' | 'disabled'
  disabledReason: string | null
  /** Of the endpoint as a whole: `closed` while it works, `open` while it is only probed. */
  breaker: BreakerState
  /** Whether the last attempts went well, some fail, or the endpoint is down. */
  state: 'idle' | 'delivering' | 'failing' | 'down' | 'paused' | 'disabled'
  sequence: number
  cursor: number
  /** Events that are not settled; of those far away, at most. 0 when there is nothing left to do. */
  lag: number
  /** Age of the oldest event that is not settled. */
  lagSeconds: number
  failing: number
  exhausted: number
  expired: number
  lastSuccessAt: number | null
  lastFailureAt: number | null
  lastError: string | null
  nextAttemptAt: number | null
  attempts: number
  successRate: number | null
  p50Ms: number | null
  p95Ms: number | null
  replay: {
    fromSequence: number
    toSequence: number
    position: number
    isDone: boolean
    delivered: number
    failed: number
  } | null
}

const nothing: DispatcherView = {
  idSession: null,
  status: 'enabled',
  disabledReason: null,
  breaker: 'closed',
  state: 'idle',
  sequence: 0,
  cursor: 0,
  lag: 0,
  lagSeconds: 0,
  failing: 0,
  exhausted: 0,
  expired: 0,
  lastSuccessAt: null,
  lastFailureAt: null,
  lastError: null,
  nextAttemptAt: null,
  attempts: 0,
  successRate: null,
  p50Ms: null,
  p95Ms: null,
  replay: null,
}

/** Describes a Dispatcher; one that was never configured has nothing to do. */
export async function describe(work: Work | null, now: number): Promise<DispatcherView> {
  if (!work) return nothing
  const { waitingSince, lag } = await work.backlog()
  const { stream, book, control, breaker, settings, store, health } = work
  const status = control.disabled ? 'disabled' : settings.config.status
  const failing = book.records.filter(({ sequence }) => sequence !== null)
  const { replay } = control
  return {
    idSession: settings.ref.idSession,
    status,
    disabledReason: control.disabled?.reason ?? null,
    breaker: breaker.record.state,
    state: status !== 'enabled' ? status : judgeState(lag, failing.length, breaker.isClosed),
    sequence: stream.head,
    cursor: stream.cursor,
    lag,
    lagSeconds: Math.max(0, Math.round((now - (waitingSince ?? now)) / 1000)),
    failing: failing.length,
    exhausted: store.dead.size,
    expired: stream.expired,
    lastSuccessAt: control.lastSuccessAt,
    lastFailureAt: control.lastFailureAt,
    lastError: control.lastError,
    nextAttemptAt: book.nextAt(),
    ...health.summary(),
    replay: replay && {
      fromSequence: replay.after + 1,
      toSequence: replay.through,
      position: replay.position,
      isDone: replay.finishedAt !== null,
      delivered: replay.delivered,
      failed: replay.failed,
    },
  }
}

function judgeState(
  lag: number,
  failing: number,
  isClosed: boolean,
): 'idle' | 'delivering' | 'failing' | 'down' {
  if (!isClosed) return 'down'
  if (failing > 0) return 'failing'
  return lag > 0 ? 'delivering' : 'idle'
}
