import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseHostConfig } from '../../worker/host/config.ts'
import { startInstallation, type Installation } from '../../worker/host/installation.ts'
import type { Print } from '../../worker/host/supervised-process.ts'
import { startWhatsApp, type WhatsApp } from '../whatsapp/whatsapp.ts'
import { Api } from './api.ts'
import { Receiver } from './receiver.ts'

export interface StageOptions {
  /** Port of the API; 0, the default, chooses a free one. */
  port?: number
  /** More variables for the installation, such as `CHATLINK_RETRY_SCHEDULE`. */
  environment?: Record<string, string>
  print?: Print
}

/** A whole installation with its simulated WhatsApp and a subscriber, in a directory of its own. */
export interface Stage {
  whatsapp: WhatsApp
  installation: Installation
  receiver: Receiver
  /** Calls the API with the first tenant's key. */
  api: Api
  /** Calls it with the admin token. */
  admin: Api
  /** Subscribes the receiver; `settings` as in `POST /v1/subscriptions`. */
  subscribe(settings?: Record<string, unknown>): Promise<string>
  close(): Promise<void>
}

/** Starts it: workerd and the connector are processes, WhatsApp and the subscriber live here. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'chatlink-stage-'))
  const whatsapp = await startWhatsApp({ dataDirectory: join(directory, 'whatsapp') })
  const receiver = await Receiver.start()
  const closeOthers = async () => {
    await receiver.close()
    await whatsapp.close()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    const installation = await startInstallation(
      readConfig(options, directory, whatsapp),
      options.print ?? silent,
    )
    const api = new Api(installation.url, installation.firstKey.key)
    return {
      whatsapp,
      installation,
      receiver,
      api,
      admin: new Api(installation.url, installation.secrets.adminToken),
      subscribe: async (settings = {}) => {
        const { idSubscription, secret } = await api.post<{ idSubscription: string; secret: string }>(
          '/v1/subscriptions',
          { url: receiver.url, ...settings },
        )
        receiver.trust(secret)
        return idSubscription
      },
      close: async () => {
        await installation.stop()
        await closeOthers()
      },
    }
  } catch (error) {
    await closeOthers()
    throw error
  }
}

const silent: Print = () => undefined

function readConfig(options: StageOptions, directory: string, whatsapp: WhatsApp) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CHATLINK_'))
  const parsed = parseHostConfig(
    {
      LOG_LEVEL: 'warn',
      ...Object.fromEntries(own),
      PORT: String(options.port ?? 0),
      CHATLINK_DATA: join(directory, 'data'),
      CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
      CHATLINK_WHATSAPP_URL: whatsapp.url,
      CHATLINK_WHATSAPP_ROOT_KEY: whatsapp.rootKey,
      NODE_EXTRA_CA_CERTS: whatsapp.caFile,
      ...options.environment,
    },
    directory,
  )
  if (!parsed.ok) throw new Error(parsed.problem)
  return parsed.config
}
