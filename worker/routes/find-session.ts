import type { Context } from 'hono'
import { ApiError, unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import type { Answered, Question } from '../session/questions.ts'

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

/** Asks WhatsApp something through the caller's session; the answer is what the connector reported. */
export async function askSession(
  context: Context<AppEnv>,
  idSession: string,
  question: Question,
): Promise<Record<string, unknown>> {
  const session = await findSession(context, idSession)
  return unwrap((await session.ask(question)) as Answered).result
}
