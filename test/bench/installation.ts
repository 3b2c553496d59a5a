import { rmSync } from 'node:fs'
import { parseHostConfig } from '../../worker/host/config.ts'
import { startInstallation } from '../../worker/host/installation.ts'
import { Api } from '../support/api.ts'
import { RawConnector } from './raw-link.ts'
import { makeStateDirectory } from './state.ts'

/** The real Worker on workerd with its state below `state`, and links that we drive instead of a connector. */
export async function startWorker(state: string | undefined) {
  const directory = makeStateDirectory(state)
  const parsed = parseHostConfig(
    { PORT: '0', CHATLINK_DATA: directory, CHATLINK_ALLOW_PRIVATE_TARGETS: '1', LOG_LEVEL: 'error' },
    directory,
  )
  if (!parsed.ok) throw new Error(parsed.problem)
  const installation = await startInstallation({ ...parsed.config, connectors: 0 }, (label, line) => {
    if (/error/.test(line)) process.stderr.write(`${label} ${line}\n`)
  })
  const connector = new RawConnector(installation.url, installation.secrets.connectorToken)
  await connector.open(10_000)
  const api = new Api(installation.url, installation.firstKey.key)
  return {
    api,
    pid: installation.pids().worker!,
    /** From now on, events of these sessions go to the sink, until `unsubscribe` with the id that this resolves with. */
    async subscribe(idSessions: string[], sinkUrl: string): Promise<string> {
      const input = { url: sinkUrl, sessions: idSessions, events: ['conversation'] }
      return (await api.post<{ idSubscription: string }>('/v1/subscriptions', input)).idSubscription
    },
    unsubscribe: (idSubscription: string) => api.delete(`/v1/subscriptions/${idSubscription}`),
    /** Links so many new sessions, whose events go to the sink if there is one. */
    async prepare(name: string, count: number, sinkUrl: string | null) {
      const idSessions = Array.from({ length: count }, (_, n) => `${name}-${n}`)
      if (sinkUrl !== null) await this.subscribe(idSessions, sinkUrl)
      for (const idSession of idSessions) await api.post('/v1/sessions', { idSession })
      return connector.link(count)
    },
    async stop() {
      connector.close()
      await installation.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
