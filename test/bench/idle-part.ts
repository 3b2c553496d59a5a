import { ConnectorContestant, startBaileys, type Contestant } from './contestant.ts'
import type { BenchOptions } from './options.ts'
import { Simulator } from './simulator.ts'
import { median, table } from './stats.ts'

/** V8 gives back what linking has left when little is allocated, and after 110 s at the latest. */
const restMs = 120_000
const memoryReadings = 5
const cpuReadings = 3
const cpuReadingMs = 60_000
/** WhatsApp must have seen that the connections are gone before it can tell when they are back. */
const noticeMs = 200
const megabyte = 1024 * 1024
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

type Progress = BenchOptions['progress']

/** Resident memory in bytes; of processes at rest but for `linked`. */
interface Memory {
  empty: number
  /** 100 sessions, in the moment in which the last is linked. */
  linked: number
  linkedAtRest: number
}

interface Idleness {
  /** Of 200 sessions. */
  bytes: number
  /** Share of a core. */
  cpu: number
  /** Turns of the event loop a second. */
  turns: number
}

/**
 * What sessions cost that do nothing, and how fast a hundred are back after all connections broke. Nobody asks V8 to collect
 * garbage: it is what an operator sees. Both contestants rest at the same time, in processes of their own.
 */
export async function measureIdle({ say, progress, profile }: BenchOptions): Promise<void> {
  const simulator = await Simulator.start(1)
  const connector = await ConnectorContestant.start(simulator, { profile })
  const memory = await measureMemory(connector, await ConnectorContestant.start(simulator), progress)
  progress('breaking 100 connections')
  const backMs = await simulator.dropAll()
  progress('killing the connector of 100 sessions')
  const startedAt = performance.now()
  await connector.replace()
  await pause(noticeMs)
  await simulator.waitUntilAllConnected()
  const takenOverMs = performance.now() - startedAt

  const measureRest = async () => {
    await pause(restMs)
    const takenOver = await memoryOf(connector)
    return { takenOver, ...(await measureIdleness(connector, progress)) }
  }
  const [ours, alone] = await Promise.all([measureRest(), measureBaileys(progress)])
  await connector.stop()
  await simulator.stop()

  const mb = (bytes: number) => `${(bytes / megabyte).toFixed(1)} MB`
  const each = (bytes: number, base: number, count: number) => mb((bytes - base) / count)
  const share = ({ cpu }: Idleness) => `${(cpu * 100).toFixed(1)} %`
  const base = memory.empty
  say(
    table(
      ['idle sessions in one process', 'ChatLink’s connector', 'Baileys alone, keys in memory', 'budget'],
      [
        ['the process without a session', mb(base), mb(alone.memory.empty), ''],
        [
          `memory a session over that, 100 linked by it ${restMs / 60_000} minutes ago`,
          each(memory.linkedAtRest, base, 100),
          each(alone.memory.linkedAtRest, alone.memory.empty, 100),
          '≤ 2 MB',
        ],
        [
          'the same in the moment in which the last is linked',
          each(memory.linked, base, 100),
          each(alone.memory.linked, alone.memory.empty, 100),
          '',
        ],
        ['the same, 100 taken over', each(ours.takenOver, base, 100), '', '≤ 2 MB'],
        [
          'the same, 200 (of ChatLink’s, half are taken over)',
          each(ours.bytes, base, 200),
          each(alone.bytes, alone.memory.empty, 200),
          '',
        ],
        ['CPU of 200, share of a core', share(ours), share(alone), '≤ 3 %'],
        ['turns of the event loop a second', ours.turns.toFixed(0), alone.turns.toFixed(0), ''],
        ['100 connections broken: all back after', seconds(backMs), '', '≤ 5 s'],
        ['connector of 100 killed, another started: all back after', seconds(takenOverMs), '', ''],
      ],
    ),
  )
}

async function measureBaileys(progress: Progress): Promise<Idleness & { memory: Memory }> {
  const simulator = await Simulator.start(1)
  const baileys = await startBaileys(simulator)
  const memory = await measureMemory(baileys, await startBaileys(simulator), progress)
  const idleness = await measureIdleness(baileys, progress)
  await baileys.stop()
  await simulator.stop()
  return { memory, ...idleness }
}

/** `empty` is a process of the same program that never has a session; it is stopped. */
async function measureMemory(contestant: Contestant, empty: Contestant, progress: Progress): Promise<Memory> {
  await linkMany(contestant, 100, progress)
  const linked = (await contestant.usage()).rssBytes
  await pause(restMs)
  const memory = { empty: await memoryOf(empty), linked, linkedAtRest: await memoryOf(contestant) }
  await empty.stop()
  return memory
}

/** Links a hundred more, and looks at what then rests. */
async function measureIdleness(contestant: Contestant, progress: Progress): Promise<Idleness> {
  await linkMany(contestant, 100, progress)
  await pause(restMs)
  const bytes = await memoryOf(contestant)
  progress(`200 sessions idle for ${(cpuReadings * cpuReadingMs) / 1000} s`)
  const readings: { cpu: number; turns: number }[] = []
  for (let reading = 0; reading < cpuReadings; reading++) {
    const before = await contestant.usage()
    await pause(cpuReadingMs)
    const after = await contestant.usage()
    readings.push({
      cpu: (after.cpuMs - before.cpuMs) / cpuReadingMs,
      turns: (after.loopTurns - before.loopTurns) / (cpuReadingMs / 1000),
    })
  }
  const of = (name: 'cpu' | 'turns') => median(readings.map((reading) => reading[name]))
  return { bytes, cpu: of('cpu'), turns: of('turns') }
}

async function linkMany(contestant: Contestant, count: number, progress: Progress): Promise<void> {
  for (let linked = 1; linked <= count; linked++) {
    await contestant.link()
    if (linked % 25 === 0) progress(`${linked} of ${count} linked`)
  }
}

/** The median of several readings of resident memory. */
async function memoryOf(contestant: Contestant): Promise<number> {
  const readings: number[] = []
  while (readings.length < memoryReadings) {
    await pause(1000)
    readings.push((await contestant.usage()).rssBytes)
  }
  return median(readings)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
