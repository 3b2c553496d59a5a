import type * as Main from './index.ts'
import { Config } from './config.ts'
import type { Dispatcher } from './dispatcher/dispatcher.ts'
import type { FilesBinding } from './files/file-store.ts'
import type { Fleet } from './fleet/fleet.ts'
import type { Session } from './session/session.ts'
import type { Tenant } from './tenant/tenant.ts'

/** Bindings as the runtime gives them: objects, files, assets, and variables still unread. */
export interface Env extends Partial<Record<keyof Config, string>> {
  TENANT: DurableObjectNamespace<Tenant>
  SESSION: DurableObjectNamespace<Session>
  DISPATCHER: DurableObjectNamespace<Dispatcher>
  FLEET: DurableObjectNamespace<Fleet>
  FILES: FilesBinding
  ASSETS: Fetcher
}

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof Main
    }
  }
}

const parsed = new WeakMap<Env, Config>()

/**
 * The configuration, read once.
 * @throws an Error whose message names each wrong variable and what it should be; values are never shown.
 */
export function readConfig(env: Env): Config {
  const known = parsed.get(env)
  if (known) return known
  const result = Config.safeParse(env)
  if (!result.success) {
    const lines = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Error(`Wrong configuration: ${lines.join('; ')}`)
  }
  parsed.set(env, result.data)
  return result.data
}
