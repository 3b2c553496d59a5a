import { maxUnwritten, maxUnwrittenMs } from '../../worker/dispatcher/unwritten.ts'
import type { Ledger, Repeat } from './ledger.ts'

/** From when to when the Worker could not write down what subscribers had answered. */
export interface Outage {
  from: number
  until: number
}

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
 * Webhooks that came again without need. What came first within the documented time before the Worker was killed may
 * come again, and what was under way; a session repeats no more at a kill than it may have unwritten.
 */
export function findNeedless(ledger: Ledger, outages: Outage[]): Needless[] {
  const wrong: Needless[] = []
  const counts = new Map<string, number>()
  for (const repeat of ledger.repeats) {
    const { idSession, firstAt, againAt } = repeat
    const index = outages.findIndex(
      ({ from, until }) => firstAt >= from - maxUnwrittenMs - loadMs && firstAt <= until + loadMs,
    )
    const seconds = ((againAt - firstAt) / 1000).toFixed(1)
    const text = `a webhook of ${idSession} came again after ${seconds} s: nothing was killed`
    if (index < 0) wrong.push({ text, repeat })
    else
      counts.set(`${idSession} at outage ${index}`, (counts.get(`${idSession} at outage ${index}`) ?? 0) + 1)
  }
  for (const [name, count] of counts) {
    const { from, until } = outages[Number(name.split(' ').at(-1))]!
    // While nothing can be written, everything that is answered is repeated.
    if (until === from && count > maxUnwritten + maxUnderWay)
      wrong.push({ text: `${name}: ${count} came again` })
  }
  return wrong
}
