import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHostConfig } from '../../worker/host/config.ts'
import { startInstallation, type Installation } from '../../worker/host/installation.ts'
import { RawConnector, type RawLink } from '../bench/raw-link.ts'
import { Api } from '../support/api.ts'
import { ScriptedEndpoints } from '../support/scripted-endpoint.ts'
import { Case } from './case.ts'
import { StoredObjects } from './stored.ts'
import { waitUntil } from './waiting.ts'

/** Seconds between attempts here, each a fifth more or less. */
export const schedule = [1, 1, 2]

/** The whole Worker on workerd, driven from outside: the API, a link that commits events, endpoints that misbehave. */
export class ConformanceStage {
  installation: Installation
  api: Api
  readonly endpoints: ScriptedEndpoints
  readonly stored: StoredObjects
  /** What the Worker has printed. */
  readonly log: string[]
  readonly #directory: string
  #connector: RawConnector
  #links: RawLink[] = []
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    installation: Installation,
    endpoints: ScriptedEndpoints,
    connector: RawConnector,
    directory: string,
    log: string[],
  ) {
    this.installation = installation
    this.api = new Api(installation.url, installation.firstKey.key)
    this.endpoints = endpoints
    this.#connector = connector
    this.#directory = directory
    this.log = log
    this.stored = new StoredObjects(directory)
  }

  static async start(environment: Record<string, string> = {}): Promise<ConformanceStage> {
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-conformance-'))
    const log: string[] = []
    const { installation, connector } = await startParts(directory, environment, log)
    return new ConformanceStage(installation, await ScriptedEndpoints.start(), connector, directory, log)
  }

  /**
   * Stops the Worker in good order and starts it again on the same data, as a deploy does. Links end with it.
   * @param meanwhile changes what is stored.
   */
  async restart(
    environment: Record<string, string> = {},
    meanwhile: (stored: StoredObjects) => void = () => undefined,
  ): Promise<void> {
    await this.#stopParts()
    meanwhile(this.stored)
    const { installation, connector } = await startParts(this.#directory, environment, this.log)
    this.installation = installation
    this.#connector = connector
    this.api = new Api(installation.url, installation.firstKey.key)
  }

  /** Ends the Worker as a power cut would, and waits until it answers again. Links end with it. */
  async crash(): Promise<void> {
    const pid = this.installation.pids().worker
    if (pid === undefined) throw new Error('the Worker does not run')
    process.kill(pid, 'SIGKILL')
    await waitUntil(
      async () => {
        const response = await fetch(`${this.installation.url}/healthz`).catch(() => null)
        await response?.body?.cancel()
        return response?.ok === true && this.installation.pids().worker !== pid
      },
      'the Worker answers again',
      30_000,
    )
  }

  /** A new connector for sessions to come, when the Worker of the last one has crashed. */
  async reconnect(): Promise<void> {
    this.#connector.close()
    this.#connector = await connect(this.installation.url, this.installation.secrets.connectorToken)
  }

  async stop(): Promise<void> {
    await this.endpoints.close()
    const { worker } = this.installation.pids()
    const stopped = this.#stopParts()
    // Nobody waits for what is still under way.
    if (worker !== undefined) process.kill(worker, 'SIGKILL')
    await stopped
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** A Worker ends at once when nobody is connected to it any more. */
  async #stopParts(): Promise<void> {
    if (this.installation.pids().worker === undefined) return
    for (const link of this.#links.splice(0)) link.close()
    this.#connector.close()
    await this.installation.stop()
  }

  /** A linked session, of whose key it is; one after another, so that each gets its own link. */
  session(api = this.api): Promise<{ idSession: string; link: RawLink }> {
    const made = this.#turn.then(async () => {
      const idSession = randomUUID()
      await api.post('/v1/sessions', { idSession })
      for (;;) {
        const [link] = await this.#connector.link(1)
        // After a crash the Fleet hands over the sessions from before it, too.
        if (link) this.#links.push(link)
        if (link?.ref.idSession === idSession) return { idSession, link }
      }
    })
    this.#turn = made.catch(() => undefined)
    return made
  }

  /** A new link of a session, as a connector makes it that has lost the last one. */
  async relink(link: RawLink): Promise<RawLink> {
    const again = await this.#connector.relink(link.ref)
    this.#links.push(again)
    return again
  }

  /** An answer of the API as it came. */
  async getText(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${this.installation.firstKey.key}` }
    return (await fetch(this.installation.url + path, { headers })).text()
  }

  /** POSTs a body byte for byte. */
  async postBytes(path: string, body: string): Promise<{ status: number; code: string | undefined }> {
    const response = await fetch(this.installation.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.installation.firstKey.key}`,
        'content-type': 'application/json',
      },
      body,
    })
    const { code } = (await response.json()) as { code?: string }
    return { status: response.status, code }
  }

  /** A linked session with one subscription to its texts. */
  async case(settings: Record<string, unknown> = {}): Promise<Case> {
    const { idSession, link } = await this.session()
    const made = new Case(this, idSession, link)
    made.subscription = await made.subscribe(settings)
    return made
  }
}

async function startParts(
  directory: string,
  environment: Record<string, string>,
  log: string[],
): Promise<{ installation: Installation; connector: RawConnector }> {
  const given = {
    PORT: '0',
    CHATLINK_DATA: directory,
    CHATLINK_CONNECTORS: '0',
    CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
    CHATLINK_RETRY_SCHEDULE: schedule.join(','),
    ...environment,
  }
  const parsed = parseHostConfig(given, directory)
  if (!parsed.ok) throw new Error(parsed.problem)
  const installation = await startInstallation(parsed.config, (_label, line) => log.push(line))
  const connector = await connect(installation.url, installation.secrets.connectorToken)
  return { installation, connector }
}

async function connect(url: string, token: string): Promise<RawConnector> {
  const connector = new RawConnector(url, token)
  await connector.open(10_000)
  return connector
}
