import type { Context } from 'hono'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'

/** The Tenant of whoever calls. */
export function tenantOf(context: Context<AppEnv>) {
  return context.env.TENANT.getByName(context.get('caller').idTenant)
}

/** The Session object of the caller's own session; another tenant's does not exist. */
export async function findSession(context: Context<AppEnv>, idSession: string) {
  const ref = await tenantOf(context).findSession(idSession)
  if (!ref)
    throw new ApiError('sessionNotFound', `There is no session ${idSession}. List the sessions first.`)
  return context.env.SESSION.get(context.env.SESSION.idFromString(ref.idObject))
}
