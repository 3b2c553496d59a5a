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

const kills = 4
/** In the first stream a client keeps up with ease, in the second it is busy. */
const rates = [100, 500]
const secondsBetween = 3
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

interface Outcome {
  sent: number
  /** Ids of messages, once for each time that the application was told. */
  told: string[]
}

/**
 * The same stream twice, with kill -9 four times in its course: once into Baileys with a plain `messages.upsert` handler and
 * its state in files, whose application writes down each message in the moment in which it is told; once into ChatLink.
 */
export async function measureLoss({ say, progress }: BenchOptions): Promise<void> {
  const rows: string[][] = []
  for (const rate of rates) {
    const baileys = await loseWithBaileys(rate, (text) => progress(`${rate}/s, Baileys: ${text}`))
    const chatlink = await loseWithChatLink(rate, (text) => progress(`${rate}/s, ChatLink: ${text}`))
    rows.push(
      [`${rate}/s: Baileys, \`messages.upsert\`, \`useMultiFileAuthState\``, ...cells(baileys)],
      [`${rate}/s: ChatLink, its connector killed`, ...cells(chatlink)],
    )
  }
  say(table([`kill -9 ×${kills}`, 'sent', 'told to the application', 'lost', 'told twice'], rows))
}

function cells({ sent, told }: Outcome): string[] {
  const distinct = new Set(told).size
  return [sent, distinct, sent - distinct, told.length - distinct].map(String)
}

async function loseWithBaileys(rate: number, progress: (text: string) => void): Promise<Outcome> {
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
  const ids = await streamAndKill(simulator, { number, rate, kill: restart, progress })
  const outcome = { sent: ids.length, told: await settled(() => readFileSync(toldFile, 'utf8').split('\n')) }
  await remote.stop()
  await simulator.stop()
  rmSync(directory, { recursive: true, force: true })
  return keepSent(outcome, ids)
}

async function loseWithChatLink(rate: number, progress: (text: string) => void): Promise<Outcome> {
  const simulator = await Simulator.start()
  const told: string[] = []
  const sink = await Sink.start((body) => {
    told.push((JSON.parse(body.toString()) as { idMessage: string }).idMessage)
  })
  const whole = await startWhole(simulator)
  const number = await whole.link('loss', sink.url)
  const kill = async () => whole.killConnector()
  const ids = await streamAndKill(simulator, { number, rate, kill, progress })
  const outcome = { sent: ids.length, told: [...(await settled(() => told))] }
  await whole.stop()
  await simulator.stop()
  sink.close()
  return keepSent(outcome, ids)
}

interface Ordeal {
  number: string
  rate: number
  kill(): Promise<void>
  progress(text: string): void
}

async function streamAndKill(
  simulator: Simulator,
  { number, rate, kill, progress }: Ordeal,
): Promise<string[]> {
  const count = rate * secondsBetween * (kills + 1)
  const streaming = simulator.stream({ number, ratePerSecond: rate, count })
  for (let killed = 1; killed <= kills; killed++) {
    await pause(secondsBetween * 1000)
    await kill()
    progress(`killed ${killed} of ${kills}`)
  }
  const ids = await streaming
  progress(`${ids.length} sent; waiting for what is still on its way`)
  await simulator.confirmed(number)
  return ids
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

function keepSent({ sent, told }: Outcome, ids: string[]): Outcome {
  const known = new Set(ids)
  return { sent, told: told.filter((id) => known.has(id)) }
}
