import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '../support/wait.ts'
import type { BenchOptions } from './options.ts'
import { Remote } from './remote.ts'
import { Simulator } from './simulator.ts'
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
/** How far the application's webhook is. */
const webhookMs = 30
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
  async [`four backlogs of ${burstCount}`]({ simulator, number, kill, progress }) {
    const all: string[] = []
    for (const delayMs of killAfterMs) {
      const { ids } = await simulator.burst({ number, to: 'person', way: 'backlog', count: burstCount })
      all.push(...ids)
      await pause(delayMs)
      await kill()
      progress(`killed ${delayMs} ms after a backlog began`)
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

/** Runs an ordeal and tells what the application got. */
type Contestant = (play: Ordeal, progress: (text: string) => void) => Promise<Outcome>

const contestants: Record<string, Contestant> = {
  'Baileys, each message written to a file in the handler': (play, progress) =>
    loseWithBaileys(play, progress, (directory) => {
      const file = join(directory, 'told')
      return { told: file, read: () => readFileSync(file, 'utf8').split('\n'), close: () => {} }
    }),
  [`Baileys, each message posted to a webhook ${webhookMs} ms away in the handler`]: async (
    play,
    progress,
  ) => {
    const webhook = await Webhook.start()
    return loseWithBaileys(play, progress, () => ({
      told: webhook.url,
      read: () => webhook.told,
      close: () => webhook.close(),
    }))
  },
  [`ChatLink, its connector killed, the webhook ${webhookMs} ms away`]: loseWithChatLink,
}

/**
 * The same messages three times, with kill -9 four times in their course: into Baileys with a plain `messages.upsert`
 * handler and its state in files, once with an application that writes down each message in the moment in which it is
 * told, once with one that posts it to a webhook, as gateways do; and into ChatLink.
 */
export async function measureLoss({ say, progress }: BenchOptions): Promise<void> {
  const rows: string[][] = []
  for (const [name, play] of Object.entries(ordeals))
    for (const [who, contestant] of Object.entries(contestants)) {
      const outcome = await contestant(play, (text) => progress(`${name}, ${who}: ${text}`))
      rows.push([name, who, ...cells(outcome)])
    }
  const columns = ['sent', 'told to the application', 'lost', 'told twice', 'logs in again']
  say(table(['kill -9 ×4', '', ...columns], rows))
}

function cells({ sent, told, isUnlinked }: Outcome): string[] {
  const distinct = new Set(told).size
  const counts = [sent, distinct, sent - distinct, told.length - distinct].map(String)
  return [...counts, isUnlinked ? 'no: a new QR is needed' : 'yes']
}

/** Where the application of Baileys puts what it is told, and how to read it afterwards. */
interface Application {
  told: string
  read(): string[]
  close(): void
}

async function loseWithBaileys(
  play: Ordeal,
  progress: (text: string) => void,
  makeApplication: (directory: string) => Application,
): Promise<Outcome> {
  const simulator = await Simulator.start()
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-bench-baileys-'))
  const application = makeApplication(directory)
  const args = [simulator.url, simulator.rootKey, directory, application.told]
  let remote = new Remote('./process/baileys-on-files.ts', { args })
  const number = await simulator.link(() => remote.call('showQr'))
  const restart = async () => {
    await remote.stop()
    await pause(250)
    remote = new Remote('./process/baileys-on-files.ts', { args })
  }
  await warmUp(simulator, number)
  const { ids, isUnlinked } = await play({ simulator, number, kill: restart, progress })
  const outcome = { sent: ids.length, isUnlinked, told: [...(await settled(application.read))] }
  await remote.stop()
  await simulator.stop()
  application.close()
  rmSync(directory, { recursive: true, force: true })
  return keepSent(outcome, ids)
}

async function loseWithChatLink(play: Ordeal, progress: (text: string) => void): Promise<Outcome> {
  const simulator = await Simulator.start()
  const webhook = await Webhook.start()
  const whole = await startWhole(simulator)
  const number = await whole.link('loss', webhook.url)
  const kill = () => whole.killConnector()
  await warmUp(simulator, number)
  const { ids, isUnlinked } = await play({ simulator, number, kill, progress })
  const outcome = { sent: ids.length, isUnlinked, told: [...(await settled(() => webhook.told))] }
  await whole.stop()
  await simulator.stop()
  webhook.close()
  return keepSent(outcome, ids)
}

/** A subscriber that counts a message when it has it, and answers a little later, as one that is not on this machine. */
class Webhook {
  readonly told: string[] = []
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      this.told.push((JSON.parse(Buffer.concat(chunks).toString()) as { idMessage: string }).idMessage)
      setTimeout(() => response.writeHead(200).end(), webhookMs)
    })
  })

  static async start(): Promise<Webhook> {
    const webhook = new Webhook()
    await new Promise<void>((done) => webhook.#server.listen(0, '127.0.0.1', done))
    return webhook
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
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
