import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { firstKeyFile } from '../../worker/host/first-key.ts'
import { secretFiles } from '../../worker/host/secrets.ts'
import { RawConnector } from '../bench/raw-link.ts'
import { Api } from '../support/api.ts'
import type { Delivery } from './case.ts'
import { waitUntil } from './waiting.ts'

/** A name that every check of a URL takes for public. */
export const publicName = 'webhook.shop.example.com'

/**
 * A file of names in which the public name leads to an address, and can lead to another later.
 * @param others more names, each with its address.
 */
export function makeHosts(address: string, others: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-hosts-'))
  const path = join(directory, 'hosts')
  // Written in place: what is mounted is the file, not its name.
  const rest = Object.entries(others).map(([name, to]) => `${to} ${name}\n`)
  const lead = (to: string) =>
    writeFileSync(path, `127.0.0.1 localhost\n${to} ${publicName}\n${rest.join('')}`)
  lead(address)
  chmodSync(directory, 0o755)
  return { path, lead, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

/**
 * Runs a program that has a file of names for itself alone. It needs a mount namespace: root has one, others where the system
 * gives them user namespaces.
 */
const enter = ['--mount', '--user --map-root-user --mount']
  .map((options) => [
    'unshare',
    ...options.split(' '),
    'sh',
    '-c',
    'mount --bind "$HOSTS" /etc/hosts && exec "$@"',
    'sh',
  ])
  .find((command) => seesItsHosts(command))

export const canHaveHosts = enter !== undefined

function seesItsHosts(command: string[]): boolean {
  const hosts = makeHosts('127.0.0.1')
  const [program = '', ...args] = command
  const env = { ...process.env, HOSTS: hosts.path }
  const { status } = spawnSync(program, [...args, 'grep', '-q', publicName, '/etc/hosts'], {
    env,
    timeout: 5000,
  })
  hosts.remove()
  return status === 0
}

/** `npm start` as a process of its own, with a file of names of its own. */
export class Outside {
  readonly api: Api
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #connector: RawConnector

  private constructor(child: ChildProcess, directory: string, api: Api, connector: RawConnector) {
    this.#child = child
    this.#directory = directory
    this.api = api
    this.#connector = connector
  }

  static async start(hosts: string, environment: Record<string, string> = {}): Promise<Outside> {
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-outside-'))
    const [program = '', ...args] = enter ?? []
    const main = fileURLToPath(new URL('../../worker/host/start.ts', import.meta.url))
    const child = spawn(program, [...args, process.execPath, main], {
      env: {
        ...process.env,
        HOSTS: hosts,
        PORT: '0',
        CHATLINK_DATA: directory,
        CHATLINK_CONNECTORS: '0',
        CHATLINK_RETRY_SCHEDULE: '1',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    const address = /API +\S*?(http:[\w./:]+)/
    await waitUntil(() => address.test(output), 'the installation runs', 60_000)
    const url = address.exec(output)?.[1] ?? ''
    const read = (name: string) => readFileSync(join(directory, name), 'utf8').trim()
    const connector = new RawConnector(url, read(secretFiles.connectorToken))
    await connector.open(10)
    return new Outside(child, directory, new Api(url, read(firstKeyFile)), connector)
  }

  /** Commits an event in a session of its own. */
  async publish(event: object): Promise<void> {
    const { idSession } = await this.api.post<{ idSession: string }>('/v1/sessions', {})
    const [link] = await this.#connector.link(1)
    link?.commit([{ idSession, ...event }])
    await link?.drained()
  }

  async untilExhausted(idSubscription: string): Promise<Delivery> {
    let found: Delivery | undefined
    await waitUntil(async () => {
      const path = `/v1/subscriptions/${idSubscription}/deliveries?status=exhausted`
      found = (await this.api.get<{ deliveries: Delivery[] }>(path)).deliveries[0]
      return found !== undefined
    }, 'a dead letter')
    return found as Delivery
  }

  async stop(): Promise<void> {
    this.#connector.close()
    const ended = new Promise((done) => this.#child.once('exit', done))
    this.#child.kill('SIGINT')
    await ended
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
