import { spawn, type ChildProcess } from 'node:child_process'
import { projectDirectory } from './program.ts'
import type { Stage } from './stage.ts'

/** What the API shows of a connector. */
export interface ConnectorView {
  idConnector: string
  status: string
  sessions: number
}

export async function listConnectors(stage: Stage): Promise<ConnectorView[]> {
  return (await stage.admin.get<{ connectors: ConnectorView[] }>('/v1/connectors')).connectors
}

/** The connectors that run these sessions, in their order; null for a session that is not connected. */
export async function listRunners(stage: Stage, names: readonly string[]): Promise<(string | null)[]> {
  type View = { state: string; idConnector: string | null }
  const views = await Promise.all(names.map(async (name) => stage.api.get<View>(`/v1/sessions/${name}`)))
  return views.map(({ state, idConnector }) => (state === 'connected' ? idConnector : null))
}

/** Runs a connector beside those of the installation; `command` is its program with the arguments. */
export function spawnConnector(
  stage: Stage,
  idConnector: string,
  command: string[],
  environment: Record<string, string> = {},
): ChildProcess {
  const { url, secrets } = stage.installation
  return spawn(process.execPath, command, {
    cwd: projectDirectory,
    env: {
      PATH: process.env['PATH'],
      CHATLINK_URL: url,
      CHATLINK_CONNECTOR_TOKEN: secrets.connectorToken,
      CHATLINK_MASTER_KEY: secrets.masterKey,
      CHATLINK_CONNECTOR_ID: idConnector,
      CHATLINK_WHATSAPP_URL: stage.whatsapp.url,
      CHATLINK_WHATSAPP_ROOT_KEY: stage.whatsapp.rootKey,
      NODE_EXTRA_CA_CERTS: stage.whatsapp.caFile,
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: 'ignore',
  })
}
