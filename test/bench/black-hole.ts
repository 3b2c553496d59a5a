import { keysOf, makeEvent } from './event.ts'
import type { RawLink } from './raw-link.ts'
import { Sink } from './sink.ts'
import { latencyCells, medianLatency, ratioCells, table, type Latency } from './stats.ts'
import { linkLatency } from './throughput.ts'
import type { WorkerBench } from './worker-part.ts'

const seconds = 8

/**
 * Nine subscribers beside a tenth that answers and beside one that takes each request and never answers, in turns. Only
 * the nine are measured. Each tenth is new and gone after its turn, so that a black hole does not reach into the next.
 */
export async function measureBlackHole(bench: WorkerBench): Promise<void> {
  const { rate, rounds, arrivals, sink, worker, say, progress } = bench
  const tenths = {
    answering: await Sink.start(() => undefined),
    silent: await Sink.start(() => undefined, true),
  }
  const nine = await worker.prepare('nine', 9, sink.url)
  const latencies: Record<keyof typeof tenths, Latency[]> = { answering: [], silent: [] }
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? (['answering', 'silent'] as const) : (['silent', 'answering'] as const)
    for (const which of order) {
      progress(`nine beside one ${which}, ${round === 0 ? 'warming up' : `round ${round}`}`)
      const [tenth] = await worker.prepare(`${which}-${round}`, 1, null)
      const idSubscription = await worker.subscribe([tenth!.ref.idSession], tenths[which].url)
      const stop = feed(tenth!, rate / 10)
      const latency = await linkLatency(nine, arrivals, Math.round(rate * 0.9), seconds)
      stop()
      await worker.unsubscribe(idSubscription)
      if (round > 0) latencies[which].push(latency)
    }
  }
  for (const one of Object.values(tenths)) one.close()
  const [beside, besideHole] = [medianLatency(latencies.answering), medianLatency(latencies.silent)]
  const rows = [
    ['that answers', ...latencyCells(beside)],
    ['that is a black hole', ...latencyCells(besideHole)],
    ['ratio', ...ratioCells(besideHole, beside)],
  ]
  say(`\n${table(['nine subscribers beside a tenth', 'p50', 'p95', 'p99'], rows)}`)
}

/** Commits so many events a second until it is stopped. */
function feed(link: RawLink, ratePerSecond: number): () => void {
  const timer = setInterval(() => {
    const event = makeEvent(link.ref.idSession)
    link.commit([event], keysOf([event]))
  }, 1000 / ratePerSecond)
  return () => clearInterval(timer)
}
