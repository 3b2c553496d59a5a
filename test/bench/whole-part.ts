import { nowMicroseconds } from './event.ts'
import type { BenchOptions } from './options.ts'
import { Simulator, type Burst } from './simulator.ts'
import { Sink } from './sink.ts'
import { describeState } from './state.ts'
import { formatMs, latencyOf, median, table, type Latency } from './stats.ts'
import { startWhole } from './whole-installation.ts'

const ratePerSecond = 50
const streamSeconds = 20

/** From a person's phone on the simulated WhatsApp to the subscriber's request, through everything, one session. */
export async function measureWhole({ messages, rounds, state, say, progress }: BenchOptions): Promise<void> {
  const arrivals = new TextArrivals()
  const sink = await Sink.start(arrivals.take)
  const simulator = await Simulator.start()
  const whole = await startWhole(simulator, state)
  const number = await whole.link('whole', sink.url)

  const rows: string[][] = []
  for (const way of ['live', 'backlog'] as const) {
    const rates: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const burst: Burst = { number, to: 'person', way, count: messages }
      const arrived = arrivals.expect(messages)
      const { startedAt } = await simulator.burst(burst)
      const perSecond = messages / (((await arrived) - startedAt) / 1e6)
      await simulator.confirmed(number)
      progress(`${way}, ${round === 0 ? 'warming up' : `round ${round}`}: ${perSecond.toFixed(0)}/s`)
      if (round > 0) rates.push(perSecond)
    }
    rows.push([way, `${median(rates).toFixed(0)}/s`, `${Math.max(...rates).toFixed(0)}/s`, '1,000/s'])
  }
  const latencies: Latency[] = []
  for (let round = 1; round <= rounds; round++) {
    const count = ratePerSecond * streamSeconds
    const arrived = arrivals.expect(count)
    await simulator.stream({ number, ratePerSecond, count })
    await arrived
    latencies.push(latencyOf(arrivals.ages))
    const { p50, p95, p99 } = latencies.at(-1)!
    progress(`${ratePerSecond}/s, round ${round}: ${[p50, p95, p99].map(formatMs).join(', ')}`)
  }
  const of = (name: keyof Latency) => formatMs(median(latencies.map((latency) => latency[name])))
  await whole.stop()
  await simulator.stop()
  sink.close()

  say(`From WhatsApp to the subscriber, one session, medians of ${rounds} runs of ${messages} texts.\n`)
  say(table(['the whole way', 'median', 'best', 'budget'], rows))
  say('')
  say(
    table(
      [`the whole way at ${ratePerSecond}/s`, 'p50', 'p95', 'p99'],
      [
        ['from handed to WhatsApp to request received', of('p50'), of('p95'), of('p99')],
        ['budget', '10 ms', '', '30 ms'],
      ],
    ),
  )
  say(`\n${describeState(state)}`)
}

/** Counts what arrives and how old it is, by the moment that the text carries. */
class TextArrivals {
  ages: number[] = []
  #left = Infinity
  #reach: (at: number) => void = () => undefined

  readonly take = (body: Buffer): void => {
    const now = nowMicroseconds()
    const at = body.indexOf('"value":"T') + 10
    this.ages.push((now - Number(body.toString('latin1', at, at + 16))) / 1000)
    this.#left -= 1
    if (this.#left === 0) this.#reach(now)
  }

  /** Resolves with the moment at which so many more have come, in microseconds. */
  expect(count: number): Promise<number> {
    this.ages = []
    this.#left = count
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.#left} of ${count} did not arrive`)), 120_000)
      this.#reach = (at) => {
        clearTimeout(timer)
        resolve(at)
      }
    })
  }
}
