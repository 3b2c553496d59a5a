import { ConnectorContestant, startBaileys, type Contestant } from './contestant.ts'
import type { BenchOptions } from './options.ts'
import { Simulator, type Burst } from './simulator.ts'
import { median, table } from './stats.ts'

interface Runner {
  name: string
  contestant: Contestant
  number: string
  roundTripMs?: number
}

interface Run {
  perSecond: number
  cpuMs: number
}

const roundTrips = [0, 20, 50]

/**
 * ChatLink's connector against Baileys alone, one session each, in turns against the same simulated WhatsApp. ChatLink's time
 * ends when the Session has the event in a commit, Baileys' when its handler was called.
 */
export async function measureConnector(options: BenchOptions): Promise<void> {
  const simulator = await Simulator.start()
  const baileys = await startBaileys(simulator)
  const connector = await ConnectorContestant.start(simulator, { profile: options.profile })
  const alone: Runner = { name: 'Baileys alone', contestant: baileys, number: await baileys.link() }
  const number = await connector.link()
  const linked = roundTrips.map((roundTripMs): Runner => {
    return { name: `ChatLink, Worker ${roundTripMs} ms away`, contestant: connector, number, roundTripMs }
  })
  const { say, progress, messages } = options

  const measure = async (what: string, burst: Omit<Burst, 'number'>, runners: Runner[], shares: number[]) => {
    const runs = new Map(runners.map((runner) => [runner, [] as Run[]]))
    const count = (runner: Runner) => Math.round(burst.count * shares[runners.indexOf(runner)]!)
    for (let round = 0; round <= options.rounds; round++)
      for (const runner of runners) {
        connector.setRoundTrip(runner.roundTripMs ?? 0)
        const run = await runOnce(simulator, runner, { ...burst, count: count(runner) })
        progress(`${what}, ${round === 0 ? 'warming up' : `round ${round}`}: ${runner.name} ${describe(run)}`)
        if (round > 0) runs.get(runner)!.push(run)
      }
    connector.setRoundTrip(0)
    const base = runs.get(runners[0]!)!
    const rows = runners.map((runner) => {
      const mine = runs.get(runner)!
      const inTime = mine.map(({ perSecond }, round) => perSecond / base[round]!.perSecond)
      const inCpu = mine.map(({ cpuMs }, round) => base[round]!.cpuMs / cpuMs)
      return [
        `${what}: ${runner.name}`,
        `${median(mine.map(({ perSecond }) => perSecond)).toFixed(0)}/s`,
        `${median(mine.map(({ cpuMs }) => cpuMs)).toFixed(2)} ms`,
        median(inTime).toFixed(2),
        median(inCpu).toFixed(2),
      ]
    })
    return rows
  }

  const runners = [alone, ...linked]
  const equal = runners.map(() => 1)
  const rows = [
    ...(await measure('direct, live', { to: 'person', way: 'live', count: messages }, runners, equal)),
    ...(await measure('direct, backlog', { to: 'person', way: 'backlog', count: messages }, runners, equal)),
    ...(await measure(
      'group, live',
      { to: 'group', way: 'live', count: messages },
      [alone, linked[1]!],
      [0.1, 1],
    )),
  ]
  say(
    `The connector against Baileys alone with its keys in memory: one session, 20 people, ${messages} texts a run, ` +
      `medians of ${options.rounds} runs in turns.\n`,
  )
  say(table(['one session', 'messages', 'CPU a message', 'ratio by time', 'ratio by CPU'], rows))
  await connector.stop()
  await baileys.stop()
  await simulator.stop()
}

async function runOnce(simulator: Simulator, runner: Runner, burst: Omit<Burst, 'number'>): Promise<Run> {
  const { contestant, number } = runner
  const arrived = contestant.expectMessages(number, burst.count)
  const before = await contestant.usage()
  const { startedAt } = await simulator.burst({ ...burst, number })
  const endedAt = await arrived
  await simulator.confirmed(number)
  const after = await contestant.usage()
  return {
    perSecond: burst.count / ((endedAt - startedAt) / 1e6),
    cpuMs: (after.cpuMs - before.cpuMs) / burst.count,
  }
}

function describe({ perSecond, cpuMs }: Run): string {
  return `${perSecond.toFixed(0)}/s, ${cpuMs.toFixed(2)} ms`
}
