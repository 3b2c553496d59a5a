import { measureBlackHole } from './black-hole.ts'
import { startWorker } from './installation.ts'
import type { keysOf } from './event.ts'
import type { BenchOptions } from './options.ts'
import { measurePace, medianPace, type Pace } from './process-cpu.ts'
import type { RawLink } from './raw-link.ts'
import { Relay } from './relay.ts'
import { Sink } from './sink.ts'
import { describeState } from './state.ts'
import {
  formatMicroseconds,
  latencyCells,
  median,
  medianLatency,
  ratioCells,
  table,
  type Latency,
} from './stats.ts'
import { Arrivals, linkLatency, linkThroughput, relayLatency, relayThroughput } from './throughput.ts'

export type WorkerBench = BenchOptions & {
  arrivals: Arrivals
  sink: Sink
  relay: Relay
  worker: Awaited<ReturnType<typeof startWorker>>
}

/** A run of a contestant, and the relay's right before it. */
interface Turn {
  bare: Pace
  own: Pace
}

const latencySeconds = 10
const warmUpEvents = 10_000

/** ChatLink's Worker, driven by links without WhatsApp behind them, against a bare relay on the same workerd. */
export async function measureWorker(options: BenchOptions): Promise<void> {
  const arrivals = new Arrivals()
  const sink = await Sink.start(arrivals.take)
  const relay = await Relay.start(sink.url)
  const worker = await startWorker(options.state)
  const bench = { ...options, arrivals, sink, relay, worker }
  const { events, rounds, say } = options
  say(
    `The Worker against a bare relay on the same workerd, medians of ${rounds} rounds in turns of ${events} events each.\n`,
  )
  await measureThroughput(bench)
  await measureLatency(bench)
  await measureBlackHole(bench)
  await worker.stop()
  relay.stop()
  sink.close()
  say(`\n${describeState(options.state)} The relay stores nothing.`)
}

/** Each contestant runs right after the relay, and is compared with that run: a shared machine changes from minute to minute. */
async function measureThroughput(bench: WorkerBench): Promise<void> {
  const { events, rounds, arrivals, sink, relay, worker, say, progress } = bench
  const contestants: { name: string; run: (count: number) => Promise<number>; turns: Turn[] }[] = []
  const add = (name: string, links: RawLink[], changedKeys?: typeof keysOf) =>
    contestants.push({ name, run: (count) => linkThroughput(links, arrivals, count, changedKeys), turns: [] })
  for (const sessions of [1, 10, 100]) {
    const links = await worker.prepare(`throughput${sessions}`, sessions, sink.url)
    add(`${sessions} session${sessions > 1 ? 's' : ''}`, links)
    if (sessions === 10) add(`${sessions} sessions, no keys`, links, () => [])
  }
  const relayed = (count: number) => relayThroughput(relay.url, arrivals, count)
  for (const run of [relayed, ...contestants.map((contestant) => contestant.run)]) await run(warmUpEvents)
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run, turns } of contestants) {
      const bare = await measurePace(relay.pid, () => relayed(events))
      const own = await measurePace(worker.pid, () => run(events))
      turns.push({ bare, own })
      progress(
        `round ${round}, ${name}: ${Math.round(own.perSecond)}/s, relay ${Math.round(bare.perSecond)}/s`,
      )
    }
  }
  const paceCells = ({ perSecond, cpuMs }: Pace) => [`${Math.round(perSecond)}/s`, formatMicroseconds(cpuMs)]
  const bare = medianPace(contestants.flatMap(({ turns }) => turns.map((turn) => turn.bare)))
  const rows = contestants.map(({ name, turns }) => [
    `link → durable → signed → delivered, ${name}`,
    ...paceCells(medianPace(turns.map(({ own }) => own))),
    median(turns.map((turn) => turn.own.perSecond / turn.bare.perSecond)).toFixed(2),
    median(turns.map((turn) => turn.bare.cpuMs / turn.own.cpuMs)).toFixed(2),
  ])
  rows.unshift(['bare relay: POST in, fetch out', ...paceCells(bare), '1.00', '1.00'])
  say(table(['throughput', 'events', 'CPU an event', 'ratio by time', 'ratio by CPU'], rows))
}

async function measureLatency(bench: WorkerBench): Promise<void> {
  const { rate, rounds, arrivals, sink, relay, worker, say, progress } = bench
  const links = await worker.prepare('latency', 10, sink.url)
  const bare: Latency[] = []
  const through: Latency[] = []
  for (let round = 0; round <= rounds; round++) {
    progress(`latency at ${rate}/s, ${round === 0 ? 'warming up' : `round ${round}`}`)
    const one = await linkLatency(links, arrivals, rate, latencySeconds)
    const other = await relayLatency(relay.url, arrivals, rate, latencySeconds)
    if (round === 0) continue
    through.push(one)
    bare.push(other)
  }
  const [relayed, delivered] = [medianLatency(bare), medianLatency(through)]
  const rows = [
    ['bare relay', ...latencyCells(relayed)],
    ['ChatLink, from commit sent to request received', ...latencyCells(delivered)],
    ['ratio', ...ratioCells(delivered, relayed)],
  ]
  say(`\n${table([`latency at ${rate}/s`, 'p50', 'p95', 'p99'], rows)}`)
}
