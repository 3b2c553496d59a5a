import { app } from './app.ts'
import type { Env } from './env.ts'

export { Courier } from './dispatcher/courier.ts'
export { Dispatcher } from './dispatcher/dispatcher.ts'
export { Fleet } from './fleet/fleet.ts'
export { Session } from './session/session.ts'
export { Tenant } from './tenant/tenant.ts'

export default { fetch: app.fetch } satisfies ExportedHandler<Env>
