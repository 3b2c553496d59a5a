import { makeEvent } from './event.ts'
import { startWorker } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { Relay } from './relay.ts'
import { Sink } from './sink.ts'
import { formatMs, type Latency, table } from './stats.ts'
import { Arrivals, linkLatency, linkThroughput, relayLatency, relayThroughput } from './throughput.ts'

type Bench = BenchOptions & {
  arrivals: Arrivals
  sink: Sink
  relay: Relay
  worker: Awaited<ReturnType<typeof startWorker>>
}

/** ChatLink's Worker, driven by links without WhatsApp behind them, against a bare relay on the same workerd. */
export async function measureWorker(options: BenchOptions): Promise<void> {
  const arrivals = new Arrivals()
  const sink = await Sink.start(arrivals.take)
  const relay = await Relay.start(sink.url)
  const worker = await startWorker()
  const bench = { ...options, arrivals, sink, relay, worker }
  options.say(
    `The Worker against a bare relay on the same workerd, in one run: ${options.events} events each.\n`,
  )
  await measureThroughput(bench)
  await measureLatency(bench)
  await measureBlackHole(bench)
  await worker.stop()
  relay.stop()
  sink.close()
}

async function measureThroughput({ events, arrivals, sink, relay, worker, say, progress }: Bench) {
  progress('throughput of the relay')
  await relayThroughput(relay.url, arrivals, 2000)
  const relayRate = await relayThroughput(relay.url, arrivals, events)
  const rows = [['bare relay: POST in, fetch out', `${Math.round(relayRate)}/s`, '1.00']]
  for (const sessions of [1, 10, 100]) {
    progress(`throughput of ${sessions} sessions`)
    const links = await worker.prepare(`throughput${sessions}`, sessions, sink.url)
    await linkThroughput(links, arrivals, 2000)
    const linkRate = await linkThroughput(links, arrivals, events)
    rows.push([
      `link → durable → signed → delivered, ${sessions} session${sessions > 1 ? 's' : ''}`,
      `${Math.round(linkRate)}/s`,
      (linkRate / relayRate).toFixed(2),
    ])
    for (const link of links) link.close()
  }
  say(table(['throughput', 'events', 'ratio to the relay'], rows))
}

async function measureLatency({ rate, arrivals, sink, relay, worker, say, progress }: Bench) {
  progress(`latency at ${rate}/s`)
  const links = await worker.prepare('latency', 10, sink.url)
  await linkLatency(links, arrivals, rate, 2)
  const through = await linkLatency(links, arrivals, rate, 10)
  const bare = await relayLatency(relay.url, arrivals, rate, 10)
  for (const link of links) link.close()
  const rows = [
    ['bare relay', ...cells(bare)],
    ['ChatLink, from commit sent to request received', ...cells(through)],
    ['ratio', ...ratios(through, bare, 1)],
  ]
  say(`\n${table([`latency at ${rate}/s`, 'p50', 'p95', 'p99'], rows)}`)
}

async function measureBlackHole({ rate, arrivals, sink, worker, say, progress }: Bench) {
  progress('nine subscribers beside a black hole')
  const hole = await Sink.start(() => undefined, true)
  const nine = await worker.prepare('nine', 9, sink.url)
  const fine = await worker.prepare('tenth', 1, sink.url)
  const healthy = await linkLatency([...nine, ...fine], arrivals, rate, 8)
  const bad = await worker.prepare('hole', 1, hole.url)
  const fill = () => {
    for (const link of bad) link.commit([makeEvent(link.ref.idSession)])
  }
  const filling = setInterval(fill, 1000 / (rate / 10))
  const withHole = await linkLatency(nine, arrivals, Math.round(rate * 0.9), 8)
  clearInterval(filling)
  hole.close()
  const rows = [
    ['that answers', ...cells(healthy)],
    ['that is a black hole', ...cells(withHole)],
    ['ratio', ...ratios(withHole, healthy, 2)],
  ]
  say(`\n${table(['nine subscribers beside a tenth', 'p50', 'p95', 'p99'], rows)}`)
}

function cells({ p50, p95, p99 }: Latency): string[] {
  return [p50, p95, p99].map(formatMs)
}

function ratios(one: Latency, other: Latency, digits: number): string[] {
  return (['p50', 'p95', 'p99'] as const).map((name) => (one[name] / other[name]).toFixed(digits))
}
