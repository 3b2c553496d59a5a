import { ConnectorContestant, startBaileys, type Contestant } from './contestant.ts'
import type { BenchOptions } from './options.ts'
import { Simulator } from './simulator.ts'
import { table } from './stats.ts'

const settleMs = 5000
const idleSeconds = 30
/** WhatsApp must have seen that the connections are gone before it can tell when they are back. */
const noticeMs = 200
const megabyte = 1024 * 1024
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** What sessions cost that do nothing, and how fast a hundred are back after all connections broke. */
export async function measureIdle({ say, progress }: BenchOptions): Promise<void> {
  const simulator = await Simulator.start(1)
  const connector = await ConnectorContestant.start(simulator, { collectsGarbage: true })
  const base = await memoryOf(connector)
  await linkMany(connector, 100, progress)
  const connector100 = await memoryOf(connector)
  progress('breaking 100 connections')
  const backMs = await simulator.dropAll()
  progress('killing the connector of 100 sessions')
  const startedAt = performance.now()
  await connector.replace()
  await pause(noticeMs)
  await simulator.waitUntilAllConnected()
  const takenOverMs = performance.now() - startedAt
  const takenOver100 = await memoryOf(connector)
  await linkMany(connector, 100, progress)
  const connector200 = await memoryOf(connector)
  progress(`200 sessions idle for ${idleSeconds} s`)
  const cpuShare = await idleShare(connector)
  await connector.stop()
  await simulator.stop()

  const another = await Simulator.start(1)
  const baileys = await startBaileys(another, { collectsGarbage: true })
  const baileysBase = await memoryOf(baileys)
  await linkMany(baileys, 100, progress)
  const baileys100 = await memoryOf(baileys)
  await baileys.stop()
  await another.stop()

  const mb = (bytes: number) => `${(bytes / megabyte).toFixed(1)} MB`
  say(
    table(
      ['idle sessions in one process', 'ChatLink’s connector', 'Baileys alone, keys in memory', 'budget'],
      [
        ['the process without a session', mb(base), mb(baileysBase), ''],
        [
          'memory a session over that, 100 just linked',
          mb((connector100 - base) / 100),
          mb((baileys100 - baileysBase) / 100),
          '≤ 2 MB',
        ],
        ['the same, 100 taken over', mb((takenOver100 - base) / 100), '', '≤ 2 MB'],
        ['the same, 200, half of them taken over', mb((connector200 - base) / 200), '', ''],
        ['CPU of 200, share of a core', `${(cpuShare * 100).toFixed(1)} %`, '', '≤ 3 %'],
        ['100 connections broken: all back after', seconds(backMs), '', '≤ 5 s'],
        ['connector of 100 killed, another started: all back after', seconds(takenOverMs), '', ''],
      ],
    ),
  )
}

async function linkMany(contestant: Contestant, count: number, progress: (text: string) => void) {
  for (let linked = 1; linked <= count; linked++) {
    await contestant.link()
    if (linked % 25 === 0) progress(`${linked} of ${count} linked`)
  }
}

/** Resident memory once the process has settled. */
async function memoryOf(contestant: Contestant): Promise<number> {
  await pause(settleMs)
  await contestant.usage()
  await pause(1000)
  return (await contestant.usage()).rssBytes
}

async function idleShare(contestant: Contestant): Promise<number> {
  await pause(settleMs)
  const before = await contestant.usage()
  await pause(idleSeconds * 1000)
  const after = await contestant.usage()
  return (after.cpuMs - before.cpuMs) / (idleSeconds * 1000)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
