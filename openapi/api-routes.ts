import type { RouteConfig } from '@hono/zod-openapi'
import * as account from './routes/account.ts'
import * as contacts from './routes/contacts.ts'
import * as events from './routes/events.ts'
import * as files from './routes/files.ts'
import * as groups from './routes/groups.ts'
import * as pairing from './routes/pairing.ts'
import * as open from './routes/public.ts'
import * as sessions from './routes/sessions.ts'
import * as subscriptions from './routes/subscriptions.ts'
import * as tenants from './routes/tenants.ts'

/** Every route of the API, in the order in which the document shows them. */
export const apiRoutes: readonly RouteConfig[] = [
  tenants,
  sessions,
  pairing,
  events,
  contacts,
  groups,
  account,
  subscriptions,
  files,
  open,
].flatMap((module) => Object.values(module) as RouteConfig[])
