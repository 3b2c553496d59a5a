import { rmSync } from 'node:fs'
import { parseHostConfig } from '../../worker/host/config.ts'
import { startInstallation } from '../../worker/host/installation.ts'
import { Api } from '../support/api.ts'
import { waitUntil } from '../support/wait.ts'
import type { Simulator } from './simulator.ts'
import { makeStateDirectory } from './state.ts'

/** All of ChatLink as `npm start` runs it: the Worker on workerd, one connector, the state below `state`. */
export async function startWhole(simulator: Simulator, state?: string) {
  const directory = makeStateDirectory(state)
  const { PATH, HOME } = process.env
  const parsed = parseHostConfig(
    {
      PATH,
      HOME,
      PORT: '0',
      CHATLINK_DATA: directory,
      CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
      CHATLINK_WHATSAPP_URL: simulator.url,
      CHATLINK_WHATSAPP_ROOT_KEY: simulator.rootKey,
      NODE_EXTRA_CA_CERTS: simulator.caFile,
      LOG_LEVEL: 'error',
    },
    directory,
  )
  if (!parsed.ok) throw new Error(parsed.problem)
  const installation = await startInstallation(parsed.config, () => undefined)
  const api = new Api(installation.url, installation.firstKey.key)
  return {
    installation,
    /** A new session whose texts go to this subscriber; resolves with the number of its account. */
    async link(idSession: string, subscriberUrl: string): Promise<string> {
      await api.post('/v1/subscriptions', {
        url: subscriberUrl,
        sessions: [idSession],
        events: ['conversation'],
      })
      await api.post('/v1/sessions', { idSession })
      return simulator.link(async () => {
        let qr = ''
        await waitUntil('a QR', async () => {
          qr = (await api.get<{ qr: string }>(`/v1/sessions/${idSession}/qr`)).qr
          return true
        })
        return qr
      })
    },
    /** It is started again by itself. Resolves when the old one is gone. */
    async killConnector() {
      const { connector } = installation.pids()
      if (connector !== undefined) process.kill(connector, 'SIGKILL')
      await waitUntil('its end', () => installation.pids().connector !== connector)
    },
    async stop() {
      await installation.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
