import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '../support/wait.ts'
import type { BenchOptions } from './options.ts'
import { Remote } from './remote.ts'
import { Simulator } from './simulator.ts'
import { Sink } from './sink.ts'
import { table } from './stats.ts'
import { startWhole } from './whole-installation.ts'

const ratePerSecond = 300
const secondsBetween = 3
const burstCount = 500
/** How long after each burst has left the process is killed. */
const killAfterMs = [200, 400, 600, 800]
/** WhatsApp must have seen that the connection is gone before it can tell when it is back. */
const noticeMs = 200
const reconnectMs = 20_000
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

interface Outcome {
  sent: number
  /** Ids of messages, once for each time that the application was told. */
  told: string[]
  /** The process could not log in any more: somebody has to scan a QR again. */
  isUnlinked: boolean
}

interface Victim {
  simulator: Simulator
  number: string
  kill(): Promise<void>
  progress(text: string): void
}

/** Sends and kills; resolves when WhatsApp has a receipt of everything, or never will. */
type Ordeal = (victim: Victim) => Promise<{ ids: string[]; isUnlinked: boolean }>

const ordeals: Record<string, Ordeal> = {
  async [`an even stream of ${ratePerSecond}/s`]({ simulator, number, kill, progress }) {
    const count = ratePerSecond * secondsBetween * (killAfterMs.length + 1)
    const streaming = simulator.stream({ number, ratePerSecond, count })
    for (const _ of killAfterMs) {
      await pause(secondsBetween * 1000)
      await kill()
      progress('killed')
    }
    const ids = await streaming
    return { ids, isUnlinked: !(await outlives(simulator, number)) }
  },
  async [`four bursts of ${burstCount}`]({ simulator, number, kill, progress }) {
    const all: string[] = []
    for (const delayMs of killAfterMs) {
      const { ids } = await simulator.burst({ number, to: 'person', way: 'live', count: burstCount })
      all.push(...ids)
      await pause(delayMs)
      await kill()
      progress(`killed ${delayMs} ms after a burst`)
      if (!(await outlives(simulator, number))) return { ids: all, isUnlinked: true }
    }
    return { ids: all, isUnlinked: false }
  },
}

/** Whether the client logs in again; then waits for its receipt of everything, which it may never be able to give. */
async function outlives(simulator: Simulator, number: string): Promise<boolean> {
  await pause(noticeMs)
  const isBack = await simulator.waitUntilAllConnected(reconnectMs).then(
    () => true,
    () => false,
  )
  if (isBack) await simulator.confirmed(number).catch(() => undefined)
  return isBack
}

/** A first login writes much; what is measured begins when the client has come to rest. */
async function warmUp(simulator: Simulator, number: string): Promise<void> {
  await simulator.stream({ number, ratePerSecond: 50, count: 100 })
  await simulator.confirmed(number)
  await pause(2000)
}

/**
 * The same stream twice, with kill -9 four times in its course: once into Baileys with a plain `messages.upsert` handler and
 * its state in files, whose application writes down each message in the moment in which it is told; once into ChatLink.
 */
export async function measureLoss({ say, progress }: BenchOptions): Promise<void> {
  const rows: string[][] = []
  for (const [name, play] of Object.entries(ordeals)) {
    const baileys = await loseWithBaileys(play, (text) => progress(`${name}, Baileys: ${text}`))
    const chatlink = await loseWithChatLink(play, (text) => progress(`${name}, ChatLink: ${text}`))
    rows.push(
      [`${name}: Baileys, \`messages.upsert\`, \`useMultiFileAuthState\``, ...cells(baileys)],
      [`${name}: ChatLink, its connector killed`, ...cells(chatlink)],
    )
  }
  say(table(['kill -9 ×4', 'sent', 'told to the application', 'lost', 'told twice', 'logs in again'], rows))
}

function cells({ sent, told, isUnlinked }: Outcome): string[] {
  const distinct = new Set(told).size
  const counts = [sent, distinct, sent - distinct, told.length - distinct].map(String)
  return [...counts, isUnlinked ? 'no: a new QR is needed' : 'yes']
}

async function loseWithBaileys(play: Ordeal, progress: (text: string) => void): Promise<Outcome> {
  const simulator = await Simulator.start()
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-bench-baileys-'))
  const toldFile = join(directory, 'told')
  const args = [simulator.url, simulator.rootKey, directory, toldFile]
  let remote = new Remote('./process/baileys-on-files.ts', { args })
  const number = await simulator.link(() => remote.call('showQr'))
  const restart = async () => {
    await remote.stop()
    await pause(250)
    remote = new Remote('./process/baileys-on-files.ts', { args })
  }
  await warmUp(simulator, number)
  const { ids, isUnlinked } = await play({ simulator, number, kill: restart, progress })
  const outcome = {
    sent: ids.length,
    isUnlinked,
    told: await settled(() => readFileSync(toldFile, 'utf8').split('\n')),
  }
  await remote.stop()
  await simulator.stop()
  rmSync(directory, { recursive: true, force: true })
  return keepSent(outcome, ids)
}

async function loseWithChatLink(play: Ordeal, progress: (text: string) => void): Promise<Outcome> {
  const simulator = await Simulator.start()
  const told: string[] = []
  const sink = await Sink.start((body) => {
    told.push((JSON.parse(body.toString()) as { idMessage: string }).idMessage)
  })
  const whole = await startWhole(simulator)
  const number = await whole.link('loss', sink.url)
  const kill = () => whole.killConnector()
  await warmUp(simulator, number)
  const { ids, isUnlinked } = await play({ simulator, number, kill, progress })
  const outcome = { sent: ids.length, isUnlinked, told: [...(await settled(() => told))] }
  await whole.stop()
  await simulator.stop()
  sink.close()
  return keepSent(outcome, ids)
}

/** What there is once nothing has come for five seconds. */
async function settled(read: () => string[]): Promise<string[]> {
  let length = -1
  await waitUntil(
    'silence',
    async () => {
      const before = length
      length = read().length
      await pause(5000)
      return length === before && read().length === before
    },
    120_000,
  )
  return read()
}

function keepSent(outcome: Outcome, ids: string[]): Outcome {
  const known = new Set(ids)
  return { ...outcome, told: outcome.told.filter((id) => known.has(id)) }
}
