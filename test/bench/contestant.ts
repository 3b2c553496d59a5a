import { randomBytes } from 'node:crypto'
import type { FakeSession } from '../support/fake-session.ts'
import { FakeWorker } from '../support/fake-worker.ts'
import { nowMicroseconds } from './event.ts'
import { Remote, type Usage } from './remote.ts'
import type { Simulator } from './simulator.ts'

export interface ContestantOptions {
  /** A folder for a CPU profile, written when the process is told to stop. */
  profile?: string | undefined
}

/** Something that holds WhatsApp connections in a process of its own and turns what comes into events. */
export interface Contestant {
  /** Links one more account; resolves with its number. */
  link(): Promise<string>
  /** Resolves with the moment at which so many more messages had become events, in microseconds. */
  expectMessages(number: string, count: number): Promise<number>
  usage(): Promise<Usage>
  stop(): Promise<void>
}

/** Baileys as it comes, with its keys in memory. */
export async function startBaileys(
  simulator: Simulator,
  options: ContestantOptions = {},
): Promise<Contestant> {
  const remote = new Remote('./process/baileys.ts', { execArgv: flags(options) })
  await remote.call('start', simulator.url, simulator.rootKey, simulator.caFile)
  return {
    link: () => simulator.link(() => remote.call('showQr')),
    expectMessages: (_, count) => remote.call('expectMessages', count),
    usage: () => remote.call('usage'),
    stop: () => remote.stop(),
  }
}

/** ChatLink's connector, its links ending in this process, where commits are validated and kept in memory. */
export class ConnectorContestant implements Contestant {
  readonly worker: FakeWorker
  readonly #simulator: Simulator
  readonly #environment: Record<string, string>
  readonly #options: ContestantOptions
  readonly #sessions = new Map<string, FakeSession>()
  #remote: Remote

  private constructor(worker: FakeWorker, simulator: Simulator, options: ContestantOptions) {
    this.worker = worker
    this.#simulator = simulator
    this.#options = options
    this.#environment = {
      CHATLINK_URL: worker.url,
      CHATLINK_CONNECTOR_TOKEN: worker.token,
      CHATLINK_MASTER_KEY: randomBytes(32).toString('base64'),
      CHATLINK_CAPACITY: '1000',
      CHATLINK_WHATSAPP_URL: simulator.url,
      CHATLINK_WHATSAPP_ROOT_KEY: simulator.rootKey,
      NODE_EXTRA_CA_CERTS: simulator.caFile,
      LOG_LEVEL: 'error',
    }
    this.#remote = this.#run()
  }

  static async start(simulator: Simulator, options: ContestantOptions = {}): Promise<ConnectorContestant> {
    return new ConnectorContestant(await FakeWorker.start(), simulator, options)
  }

  async link(): Promise<string> {
    const session = this.worker.createSession(`session-${this.#sessions.size}`)
    const number = await this.#simulator.link(
      async () => (await session.wait((seen) => seen.reportsOf('qr')[0], 60_000)).qr,
    )
    await session.wait((seen) => seen.reportsOf('connected')[0])
    this.#sessions.set(number, session)
    return number
  }

  /** How long a commit and its acknowledgement are under way together. */
  setRoundTrip(ms: number): void {
    for (const session of this.#sessions.values()) session.faults.delayMs = ms
  }

  async expectMessages(number: string, count: number): Promise<number> {
    const session = this.#sessions.get(number)!
    const target = session.events.length + count
    await session.wait(({ events }) => events.length >= target, 120_000)
    return nowMicroseconds()
  }

  usage(): Promise<Usage> {
    return this.#remote.call('usage')
  }

  /** Kills the process and runs another, which knows nothing but what the Sessions tell it. */
  async replace(): Promise<void> {
    await this.#remote.stop()
    this.#remote = this.#run()
  }

  async stop(): Promise<void> {
    await this.#remote.stop(this.#options.profile === undefined ? 'SIGKILL' : 'SIGTERM')
    const violations = [...this.worker.sessions.values()].flatMap((session) => session.violations)
    if (violations.length > 0) throw new Error(`the connector broke the contract: ${violations[0]}`)
    await this.worker.close()
  }

  #run(): Remote {
    return new Remote('../../connector/main.ts', {
      execArgv: ['--import', new URL('process/probe.ts', import.meta.url).href, ...flags(this.#options)],
      environment: this.#environment,
    })
  }
}

function flags({ profile }: ContestantOptions): string[] {
  return profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
}
