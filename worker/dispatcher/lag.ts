import type { DeliverySources } from './deliveries.ts'
import { matches, readHead } from './match.ts'

const windowEntries = 200
const windowBytes = 2 * 1024 * 1024
const maxWindows = 5

/**
 * How many events are not settled. What stands behind failing events is counted in the log, so far as that is near; of what
 * is further away, as of what has not been read, every event counts, whether it will be wanted or not.
 */
export async function countUnsettled(sources: DeliverySources): Promise<number> {
  const { stream, book, settings, readLog } = sources
  const { cursor } = stream
  const failing = book.records.filter(({ sequence }) => sequence !== null).length
  let count = Math.max(0, stream.head - cursor) + stream.openSize + failing
  let position = Math.min(cursor, ...book.records.map((record) => record.position))
  for (let window = 0; window < maxWindows && position < cursor; window++) {
    const { entries } = await readLog({ after: position, limit: windowEntries, maxBytes: windowBytes })
    if (entries.length === 0) return count
    for (const { sequence, body } of entries) {
      if (sequence > cursor) return count
      position = sequence
      if (stream.isOpen(sequence)) continue
      const head = readHead(body)
      const claim = book.claims(head, sequence)
      if (claim && claim.sequence !== sequence && matches(settings().config, head)) count++
    }
  }
  return count + cursor - position
}
