import {
  viewAttempt,
  viewDead,
  viewDelivered,
  viewFailing,
  viewPending,
  type AttemptView,
  type DeliveryStatus,
  type DeliveryView,
} from './delivery-view.ts'
import type { LaneBook } from './lane-book.ts'
import type { Ledger } from './ledger.ts'
import { matches, readHead, type EventHead } from './match.ts'
import type { Delivered, Settings } from './record.ts'
import { ringSlots, type DispatcherStore } from './store.ts'
import type { LogSlice, Stream } from './stream.ts'

export interface DeliverySources {
  store: DispatcherStore
  stream: Stream
  book: LaneBook
  ledger: Ledger
  settings: () => Settings
  readLog: (options: { after: number; limit: number; maxBytes: number }) => Promise<LogSlice>
}

const windowEntries = 200
const maxWindows = 5

/**
 * A page of deliveries, newest first. They are put together from what is known: the lanes that fail, the dead letters, the
 * attempt log of what was delivered (as long as its ring remembers), and the log itself for what waits.
 * @param options `before`: only those with a smaller sequence.
 */
export async function listDeliveries(
  sources: DeliverySources,
  options: { status?: DeliveryStatus | undefined; before: number; limit: number },
): Promise<{ deliveries: DeliveryView[]; next: number | null }> {
  const { status, before, limit } = options
  const wants = (one: DeliveryStatus) => status === undefined || status === one
  const found = new Map<number, DeliveryView>()
  const idSession = sources.settings().ref.idSession
  const add = (view: DeliveryView) => {
    if (view.sequence < before && !found.has(view.sequence)) found.set(view.sequence, view)
  }
  if (wants('failing')) {
    for (const lane of sources.book.records) if (lane.sequence !== null) add(viewFailing(idSession, lane))
  }
  if (wants('exhausted')) {
    for (const dead of sources.store.dead.below(before, limit + 1)) add(viewDead(idSession, dead))
  }
  let floor = 0
  if (wants('pending')) {
    const pending = await findPending(sources, before, limit + 1)
    for (const { sequence, idEvent } of pending.events) add(viewPending(idSession, sequence, idEvent))
    floor = pending.floor
  }
  if (wants('delivered')) {
    const isUnsettled = (sequence: number) =>
      sources.stream.isOpen(sequence) || sources.book.get(`#${sequence}`)?.sequence === sequence
    for (const one of join([...sources.ledger.unwritten, ...sources.store.delivered(ringSlots)]))
      if (!isUnsettled(one.sequence)) add(viewDelivered(idSession, one))
  }
  const deliveries = Array.from(found.values())
    .filter(({ sequence }) => sequence > floor)
    .sort((one, other) => other.sequence - one.sequence)
  const page = deliveries.slice(0, limit)
  const last = page.at(-1)?.sequence ?? null
  if (deliveries.length > limit) return { deliveries: page, next: last }
  return { deliveries: page, next: floor > 0 ? floor + 1 : null }
}

/** One delivery with its attempts, oldest first; null when the event is not known here. */
export function findDelivery(
  sources: DeliverySources,
  idEvent: string,
): { delivery: DeliveryView; attemptLog: AttemptView[] } | null {
  const { store, book, ledger, settings } = sources
  const { idSession } = settings().ref
  const lane = book.find(idEvent)
  if (lane) {
    return {
      delivery: viewFailing(idSession, lane),
      attemptLog: book.history(store, lane.lane).map(viewAttempt),
    }
  }
  const dead = store.dead.find(idEvent)
  if (dead) return { delivery: viewDead(idSession, dead.record), attemptLog: dead.history.map(viewAttempt) }
  const unwritten = ledger.unwritten.filter((one) => one.idEvent === idEvent)
  const [delivered] = join([...unwritten, store.findDelivered(idEvent)].filter((one) => one !== null))
  if (!delivered) return null
  return { delivery: viewDelivered(idSession, delivered), attemptLog: delivered.attempts.map(viewAttempt) }
}

/** Each event once, with all attempts of it. `entries`: newest first; an event that was sent again has several. */
function join(entries: readonly Delivered[]): Delivered[] {
  const joined = new Map<number, Delivered>()
  for (const one of entries) {
    const newer = joined.get(one.sequence)?.attempts ?? []
    joined.set(one.sequence, { ...one, attempts: [...one.attempts, ...newer] })
  }
  return Array.from(joined.values())
}

/** An event that waits for its first attempt; null when the log does not have it, or it is not waiting. */
export async function findUntried(
  { stream, book, settings }: DeliverySources,
  findEvent: () => Promise<{ ok: true; line: string } | { ok: false }>,
): Promise<{ delivery: DeliveryView; attemptLog: AttemptView[] } | null> {
  const found = await findEvent()
  if (!found.ok) return null
  const head = readHead(found.line)
  const { sequence } = JSON.parse(found.line) as { sequence: number }
  const { ref, config } = settings()
  if (!matches(config, head) || !isUntried(stream, book, head, sequence)) return null
  return { delivery: viewPending(ref.idSession, sequence, head.idEvent), attemptLog: [] }
}

/** Whether the stream has not come to an event, or has it in hand, or it stands behind one that fails. */
function isUntried(stream: Stream, book: LaneBook, head: EventHead, sequence: number): boolean {
  const claim = book.claims(head, sequence)
  if (claim?.sequence === sequence) return false
  return sequence > stream.cursor || stream.isOpen(sequence) || claim !== null
}

/** Looks through the log from the newest end for what has not been tried; `floor` > 0: there may be more at or below it. */
async function findPending(
  sources: DeliverySources,
  before: number,
  limit: number,
): Promise<{ events: { sequence: number; idEvent: string }[]; floor: number }> {
  const { stream, book, readLog } = sources
  const settings = sources.settings()
  const events: { sequence: number; idEvent: string }[] = []
  const behind = book.records.map(({ position }) => position)
  const lowest = Math.min(stream.cursor, ...behind, ...stream.open.map((sequence) => sequence - 1))
  let through = Math.min(before - 1, Math.max(stream.head, stream.cursor))
  if (before > stream.head) through = (await readLog({ after: stream.head, limit: 1, maxBytes: 1 })).head
  through = Math.min(through, before - 1)
  for (let window = 0; window < maxWindows && through > lowest; window++) {
    const after = Math.max(lowest, through - windowEntries)
    const slice = await readLog({ after, limit: windowEntries, maxBytes: 8 * 1024 * 1024 })
    for (const { sequence, body } of slice.entries) {
      if (sequence > through) break
      const head = readHead(body)
      if (!matches(settings.config, head)) continue
      if (isUntried(stream, book, head, sequence)) events.push({ sequence, idEvent: head.idEvent })
    }
    through = after
    if (events.length >= limit) break
  }
  return { events, floor: through > lowest ? through : 0 }
}
