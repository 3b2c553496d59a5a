import { startWorker } from './installation.ts'
import { keysOf, makeEvent } from './event.ts'
import type { BenchOptions } from './options.ts'
import { measurePace, medianPace, type Pace } from './process-cpu.ts'
import type { RawLink } from './raw-link.ts'
import { Sink } from './sink.ts'
import { describeState } from './state.ts'
import { formatMicroseconds, table } from './stats.ts'
import { Arrivals, linkThroughput } from './throughput.ts'

const batch = 200
const pageEvents = 200
const pages = 1000
const tellEvery = 50_000
/** In a log that counts as empty: enough to be warm. */
const fewEvents = 2000
/** In one that is read anywhere: more than the caches of SQLite and the processor hold, so that both are read from afar. */
const uncachedEvents = 100_000

interface Log {
  link: RawLink
  /** Events in it. */
  head: number
}

type Step = 'commit' | 'readNewest' | 'readAnywhere' | 'deliver'
type Paces = Record<'few' | 'long', Pace[]>
const read = `read by the API, ${pageEvents} a page`
const steps: Record<Step, { title: string; fewEvents: number }> = {
  commit: { title: `committed, ${batch} at a time`, fewEvents },
  readNewest: { title: `${read}, the newest ${fewEvents}`, fewEvents },
  readAnywhere: { title: `${read}, anywhere (few: ${uncachedEvents})`, fewEvents: uncachedEvents },
  deliver: { title: 'committed and delivered', fewEvents },
}

/** Whether a log of `logEvents` events is as quick as one of few; the two take turns, the short one new each time. */
export async function measureLog({
  logEvents,
  events,
  rounds,
  state,
  say,
  progress,
}: BenchOptions): Promise<void> {
  const arrivals = new Arrivals()
  const sink = await Sink.start(arrivals.take)
  const worker = await startWorker(state)
  const make = async (name: string, sinkUrl: string | null): Promise<Log> => {
    const [link] = await worker.prepare(name, 1, sinkUrl)
    return { link: link!, head: 0 }
  }
  const deliver = async (log: Log, count: number) => {
    await linkThroughput([log.link], arrivals, count)
    log.head += count
    return count
  }
  const run: Record<Step, (log: Log) => Promise<number>> = {
    commit: (log) => fill(log, events),
    readNewest: (log) => readPages(log, fewEvents, worker.api),
    readAnywhere: (log) => readPages(log, log.head, worker.api),
    deliver: (log) => deliver(log, events),
  }
  const long = await make('long', null)
  await fill(long, logEvents, progress)
  const rows: string[][] = []
  for (const [step, { title, fewEvents: count }] of Object.entries(steps) as [Step, (typeof steps)[Step]][]) {
    const paces: Paces = { few: [], long: [] }
    const isDelivered = step === 'deliver'
    if (isDelivered) {
      await worker.subscribe([long.link.ref.idSession], sink.url)
      await deliver(long, fewEvents)
    }
    for (let round = 0; round <= rounds; round++) {
      const few = await make(`${step}-${round}`, isDelivered ? sink.url : null)
      await (isDelivered ? deliver(few, count) : fill(few, count))
      for (const which of round % 2 === 0 ? (['few', 'long'] as const) : (['long', 'few'] as const)) {
        const pace = await measurePace(worker.pid, () => run[step](which === 'long' ? long : few))
        const turn = round === 0 ? 'warming up' : `round ${round}`
        progress(`${step}, ${turn}, ${which}: ${Math.round(pace.perSecond)}/s`)
        if (round > 0) paces[which].push(pace)
      }
    }
    rows.push(report(title, paces))
  }
  await worker.stop()
  sink.close()
  const cpu = 'CPU an event'
  say(
    `A log of ${logEvents.toLocaleString('en')} events against a new one of ${fewEvents}, medians of ${rounds} rounds in turns.\n`,
  )
  say(
    table(
      ['events', 'few', 'long log', 'ratio by time', `${cpu}: few`, 'long log', 'ratio by CPU'],
      [...rows, ['budget', '', '', '0.90', '', '', '0.90']],
    ),
  )
  say(`\n${describeState(state)}`)
}

function report(title: string, paces: Paces): string[] {
  const [few, long] = [medianPace(paces.few), medianPace(paces.long)]
  return [
    title,
    `${Math.round(few.perSecond)}/s`,
    `${Math.round(long.perSecond)}/s`,
    (long.perSecond / few.perSecond).toFixed(2),
    formatMicroseconds(few.cpuMs),
    formatMicroseconds(long.cpuMs),
    (few.cpuMs / long.cpuMs).toFixed(2),
  ]
}

async function fill(log: Log, count: number, progress?: (text: string) => void): Promise<number> {
  const { link } = log
  for (let done = 0; done < count; done += batch) {
    const events = Array.from({ length: Math.min(batch, count - done) }, () => makeEvent(link.ref.idSession))
    link.commit(events, keysOf(events))
    await link.room()
    if (progress && done > 0 && done % tellEvery === 0) progress(`${done} of ${count} events logged`)
  }
  await link.drained()
  log.head += count
  return count
}

/** Reads pages among the newest `span` events. */
async function readPages(
  { link, head }: Log,
  span: number,
  api: { get: <T>(path: string) => Promise<T> },
): Promise<number> {
  let count = 0
  for (let page = 0; page < pages; page++) {
    // A fixed walk that jumps about: every page is somewhere else.
    const after = head - span + Math.floor((((page * 61) % pages) / pages) * (span - pageEvents))
    const path = `/v1/sessions/${link.ref.idSession}/events?after=${after}&limit=${pageEvents}`
    const { events } = await api.get<{ events: unknown[] }>(path)
    count += events.length
  }
  return count
}
