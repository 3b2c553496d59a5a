import { maxBatchMs, maxUnwritten } from '../../worker/dispatcher/unwritten.ts'
import type { Ledger, Repeat } from './ledger.ts'
import type { Outages } from './outages.ts'

/** What came again without need; `repeat` where it is a single webhook. */
export interface Needless {
  text: string
  repeat?: Repeat
}

/** Requests that one session has under way to one subscription. */
const maxUnderWay = 6
/** A machine that does everything at once writes later than it wants to, and starts again slowly. */
const loadMs = 750

/**
 * Webhooks that came again without need. What was answered within the documented time before the Worker was killed may
 * come again, and what was under way; the time in which the Worker was frozen does not count, for it could not write then; a session repeats no more at a kill than it may have unwritten.
 */
export function findNeedless(ledger: Ledger, outages: Outages): Needless[] {
  const wrong: Needless[] = []
  const counts = new Map<string, number>()
  for (const repeat of ledger.repeats) {
    const { idSession, firstAt, againAt } = repeat
    const index = outages.all.findIndex(
      ({ from, until }) => outages.awakeMs(firstAt, from) <= maxBatchMs + loadMs && firstAt <= until + loadMs,
    )
    const seconds = ((againAt - firstAt) / 1000).toFixed(1)
    const text = `a webhook of ${idSession} came again after ${seconds} s: nothing was killed`
    if (index < 0) wrong.push({ text, repeat })
    else
      counts.set(`${idSession} at outage ${index}`, (counts.get(`${idSession} at outage ${index}`) ?? 0) + 1)
  }
  for (const [name, count] of counts) {
    const { isKill } = outages.all[Number(name.split(' ').at(-1))]!
    // While nothing can be written, everything that is answered is repeated.
    if (isKill && count > maxUnwritten + maxUnderWay) wrong.push({ text: `${name}: ${count} came again` })
  }
  return wrong
}
