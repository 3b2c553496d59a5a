import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildBundle } from './bundle.ts'
import type { HostConfig } from './config.ts'
import { lockData } from './data-lock.ts'
import { sweepRegularly } from './file-sweep.ts'
import { openFirstKey, type FirstKey } from './first-key.ts'
import { commandLineOf, endLeftovers, rememberParts } from './leftovers.ts'
import { probePort } from './port.ts'
import { answers, hasConnector, waitUntilReady } from './readiness.ts'
import { layOutRun } from './run-directory.ts'
import { openDataDirectory, openSecrets, type Secrets } from './secrets.ts'
import { StartProblem } from './start-problem.ts'
import { SupervisedProcess, type Print } from './supervised-process.ts'

const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/** What the start itself asks the Worker until all is ready: of no interest to people. */
const ownQuestions = /"route":"\/(healthz|v1\/connectors)","status":200/

export interface Installation {
  /** Where this machine reaches the API. */
  url: string
  dataDirectory: string
  secrets: Secrets
  firstKey: FirstKey
  /** Process ids of the parts that run now. */
  pids(): { worker: number | undefined; connector: number | undefined; connectors: (number | undefined)[] }
  /** Stops the connector, then the Worker. */
  stop(): Promise<void>
}

/**
 * Runs a whole installation on this machine: the Worker on workerd and one connector, each started again when it ends.
 * Resolves when both are ready. Everything that lasts is in the data directory.
 * @throws StartProblem with one line for people, also when `abort` ended the start.
 */
export async function startInstallation(
  config: HostConfig,
  print: Print,
  abort: AbortSignal = new AbortController().signal,
): Promise<Installation> {
  const { dataDirectory } = config
  openDataDirectory(dataDirectory)
  const lock = lockData(dataDirectory)
  if (lock === null) {
    throw new StartProblem(
      `CHATLINK_DATA: ${dataDirectory} is in use by another start. Stop that one, or name another directory.`,
    )
  }
  const run = join(dataDirectory, 'run')
  const partsFile = join(dataDirectory, 'processes.json')
  const parts: SupervisedProcess[] = []
  let isReady = false
  let stopSweeping = () => {}
  const killParts = () => parts.forEach((part) => part.kill())
  process.once('exit', killParts)
  const stop = async () => {
    stopSweeping()
    for (const part of parts.toReversed()) await part.stop(5000)
    process.off('exit', killParts)
    rmSync(partsFile, { force: true })
    lock.release()
  }
  try {
    const leftovers = await endLeftovers(partsFile)
    if (leftovers > 0) print('start', `ended ${leftovers} processes that a killed start had left behind`)
    const port = await takePort(config, leftovers > 0 ? maxPortWaitMs : 0)
    const secrets = openSecrets(dataDirectory, config.given)
    const variables = layOutRun(await buildBundle(projectDirectory), config, run, port)
    stopSweeping = sweepRegularly(
      join(dataDirectory, 'files'),
      Number(variables['CHATLINK_RETENTION_DAYS'] ?? 7),
    )
    const remember = () =>
      rememberParts(
        partsFile,
        parts.flatMap((part) => describe(part.pid)),
      )
    const worker = new SupervisedProcess(
      {
        label: 'worker',
        command: createRequire(import.meta.url)('workerd').default as string,
        args: ['serve', join(run, 'workerd.capnp')],
        environment: {
          ...variables,
          CHATLINK_ADMIN_TOKEN: secrets.adminToken,
          CHATLINK_CONNECTOR_TOKEN: secrets.connectorToken,
        },
        workingDirectory: dataDirectory,
        onStart: remember,
      },
      (label, line) => {
        if (isReady || !ownQuestions.test(line)) print(label, line)
      },
    )
    parts.push(worker)
    worker.start()
    const url = `http://${loopbackOf(config.host)}:${port}`
    await waitUntilReady(worker, () => answers(`${url}/healthz`), abort)
    const connectors = Array.from(
      { length: config.connectors },
      (_, index) =>
        new SupervisedProcess(
          {
            label: index === 0 ? 'connector' : `connector${index + 1}`,
            command: process.execPath,
            args: [join(projectDirectory, 'connector/main.ts')],
            environment: {
              ...config.connectorVariables,
              CHATLINK_URL: config.connectorUrl ?? url,
              CHATLINK_CONNECTOR_TOKEN: secrets.connectorToken,
              CHATLINK_MASTER_KEY: secrets.masterKey,
            },
            workingDirectory: projectDirectory,
            onStart: remember,
          },
          print,
        ),
    )
    for (const connector of connectors) {
      parts.push(connector)
      connector.start()
    }
    const firstKey = await openFirstKey(url, secrets.adminToken, dataDirectory)
    for (const connector of connectors) {
      await waitUntilReady(connector, () => hasConnector(url, secrets.adminToken), abort)
    }
    isReady = true
    return {
      url,
      dataDirectory,
      secrets,
      firstKey,
      pids: () => ({
        worker: worker.pid,
        connector: connectors[0]?.pid,
        connectors: connectors.map(({ pid }) => pid),
      }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A process lets go of its port a moment after it is dead: so long that of one which was just ended is waited for. */
const maxPortWaitMs = 2000
const portRetryMs = 50

async function takePort(config: HostConfig, waitMs: number): Promise<number> {
  const { host, port } = config
  try {
    return await probePort(host, port)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && waitMs > 0) {
      await new Promise((done) => setTimeout(done, portRetryMs))
      return takePort(config, waitMs - portRetryMs)
    }
    if (code === 'EADDRINUSE') {
      throw new StartProblem(
        `PORT: ${port} is in use by another program. Stop it, or set PORT to another number.`,
      )
    }
    throw new StartProblem(
      `PORT: ${host}:${port} cannot be listened on (${code}). Set PORT or CHATLINK_HOST.`,
    )
  }
}

function loopbackOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function describe(pid: number | undefined): { pid: number; commandLine: string }[] {
  const commandLine = pid === undefined ? undefined : commandLineOf(pid)
  return pid === undefined || commandLine === undefined ? [] : [{ pid, commandLine }]
}
