import { parseArgs } from 'node:util'
import { makeEvent } from './event.ts'
import { startWorker } from './installation.ts'
import { Relay } from './relay.ts'
import { Sink } from './sink.ts'
import { formatMs, type Latency, table } from './stats.ts'
import { Arrivals, linkLatency, linkThroughput, relayLatency, relayThroughput } from './throughput.ts'

const { values } = parseArgs({
  options: { events: { type: 'string', default: '20000' }, rate: { type: 'string', default: '200' } },
})
const total = Number(values.events)
const rate = Number(values.rate)
const say = (text: string) => process.stdout.write(`${text}\n`)

const arrivals = new Arrivals()
const sink = await Sink.start(arrivals.take)
const relay = await Relay.start(sink.url)
const worker = await startWorker()

say(`ChatLink against a bare relay on the same workerd, in one run: ${total} events each.\n`)

await relayThroughput(relay.url, arrivals, 2000)
const relayRate = await relayThroughput(relay.url, arrivals, total)
const rows = [['bare relay: POST in, fetch out', `${Math.round(relayRate)}/s`, '1.00']]
for (const sessions of [1, 10, 100]) {
  const links = await worker.prepare(`throughput${sessions}`, sessions, sink.url)
  await linkThroughput(links, arrivals, 2000)
  const linkRate = await linkThroughput(links, arrivals, total)
  rows.push([
    `link → durable → signed → delivered, ${sessions} session${sessions > 1 ? 's' : ''}`,
    `${Math.round(linkRate)}/s`,
    (linkRate / relayRate).toFixed(2),
  ])
  for (const link of links) link.close()
}
say(table(['throughput', 'events', 'ratio to the relay'], rows))

const links = await worker.prepare('latency', 10, sink.url)
await linkLatency(links, arrivals, rate, 2)
const through = await linkLatency(links, arrivals, rate, 10)
const bare = await relayLatency(relay.url, arrivals, rate, 10)
const cells = ({ p50, p95, p99 }: Latency) => [p50, p95, p99].map(formatMs)
say(
  `\n${table(
    [`latency at ${rate}/s`, 'p50', 'p95', 'p99'],
    [
      ['bare relay', ...cells(bare)],
      ['ChatLink, from commit sent to request received', ...cells(through)],
      [
        'ratio',
        (through.p50 / bare.p50).toFixed(1),
        (through.p95 / bare.p95).toFixed(1),
        (through.p99 / bare.p99).toFixed(1),
      ],
    ],
  )}`,
)
for (const link of links) link.close()

const holes = await measureBlackHoles()
say(
  `\n${table(
    ['nine subscribers beside a tenth', 'p50', 'p95', 'p99'],
    [
      ['that answers', ...cells(holes.healthy)],
      ['that is a black hole', ...cells(holes.withHole)],
      [
        'ratio',
        ...(['p50', 'p95', 'p99'] as const).map((name) =>
          (holes.withHole[name] / holes.healthy[name]).toFixed(2),
        ),
      ],
    ],
  )}`,
)

await worker.stop()
relay.stop()
sink.close()
process.exit(0)

async function measureBlackHoles() {
  const hole = await Sink.start(() => undefined, true)
  const nine = await worker.prepare('nine', 9, sink.url)
  const fine = await worker.prepare('tenth', 1, sink.url)
  const healthy = await linkLatency([...nine, ...fine], arrivals, rate, 8)
  const bad = await worker.prepare('hole', 1, hole.url)
  const filling = setInterval(
    () => {
      for (const link of bad) link.commit([makeEvent(link.ref.idSession)])
    },
    1000 / (rate / 10),
  )
  const withHole = await linkLatency(nine, arrivals, Math.round(rate * 0.9), 8)
  clearInterval(filling)
  hole.close()
  return { healthy, withHole }
}
