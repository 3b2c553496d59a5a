import type { SubscriptionConfig } from '../subscription-config.ts'
import type { LaneBook } from './lane-book.ts'
import { addMissed } from './missed.ts'
import type { Missed } from './record.ts'
import type { Work } from './work.ts'

/**
 * Takes a newer configuration; what waits is sent by it from now on. A pause keeps everything. A subscription that was
 * disabled begins with what comes next, also by way of a pause: what was left behind stays in the log and can be replayed.
 */
export async function reconfigure(work: Work, config: SubscriptionConfig, now: number): Promise<void> {
  const before = work.settings.config
  if (config.version <= before.version) return
  const { disabled } = work.control
  // What another URL has answered says nothing about this one, unless the Tenant has acted upon it.
  const isOverruled = disabled?.isReported === false && config.url !== before.url
  const wasDisabled = before.status === 'disabled' || (disabled !== null && !isOverruled)
  const isSkipping = wasDisabled && config.status !== 'disabled'
  const head = isSkipping ? await work.readHead() : 0
  if (config.version <= work.settings.config.version) return
  work.ledger.write(now)
  work.settings = { ...work.settings, config }
  work.stream.reconsider(config.ordering !== before.ordering)
  work.replayer.reconsider()
  if (config.rateLimitPerSecond !== before.rateLimitPerSecond) work.throttle.reset()
  if (config.url !== before.url) forgetWishes(work.book, now)
  if (config.url !== before.url || isSkipping) work.breaker.hurry(now)
  if (work.control.disabled?.isReported === false) work.control.unreported = work.control.disabled
  work.control.disabled = null
  if (isSkipping) Object.assign(work.control, { failingSince: null, failures: 0 })
  work.control.breaker = work.breaker.record
  work.store.change(() => {
    work.store.putSettings(work.settings)
    if (isSkipping) skipTo(work, head, now)
    work.store.putControl(work.control)
  })
  work.ledger.touch(now)
}

/** The URL is another: what the old one has asked by `Retry-After` to be spared is due. */
function forgetWishes(book: LaneBook, now: number): void {
  for (const record of book.records) {
    const { lane, sequence, since, nextAt } = record
    if (sequence === null || since !== 0 || (nextAt ?? 0) <= now || book.isBusy(lane)) continue
    book.block({ ...record, since: now, nextAt: now }, [])
  }
}

function skipTo({ book, store, stream, replayer, ledger }: Work, head: number, now: number): void {
  const missed: Missed[] = []
  for (const record of book.records) {
    missed.push({ after: record.position, through: stream.cursor, lane: record.lane })
    if (record.sequence !== null) {
      const { sequence, idEvent, attempts, lastStatus, lastError, lane } = record
      const dead = {
        sequence,
        idEvent: idEvent ?? '',
        at: now,
        reason: 'disabled',
        attempts,
        lastStatus,
        lastError,
      } as const
      store.dead.put(dead, store.history(lane))
    }
    book.remove(record.lane)
  }
  const { cursor } = stream
  for (const sequence of stream.skipTo(head))
    missed.push({ after: sequence - 1, through: sequence, lane: null })
  missed.push({ after: cursor, through: stream.cursor, lane: null })
  replayer.putMissed(addMissed(replayer.missed, missed))
  book.write(store)
  ledger.touch(now)
}
