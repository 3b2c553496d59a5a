import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHostConfig } from '../../worker/host/config.ts'
import { startInstallation } from '../../worker/host/installation.ts'
import { Api } from '../support/api.ts'
import { RawConnector } from './raw-link.ts'

/** The real Worker on workerd with its state on disk, and links that we drive instead of a connector. */
export async function startWorker() {
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-bench-'))
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
    /** Subscribes a sink and links so many new sessions. */
    async prepare(name: string, count: number, sinkUrl: string) {
      const idSessions = Array.from({ length: count }, (_, n) => `${name}-${n}`)
      await api.post('/v1/subscriptions', { url: sinkUrl, sessions: idSessions, events: ['conversation'] })
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
