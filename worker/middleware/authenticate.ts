import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Scope } from '../../schema/api/tenant.ts'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { type Env, readConfig } from '../env.ts'
import { hashText } from '../hash.ts'

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
}

function unauthorized(detail: string): ApiError {
  return new ApiError('unauthorized', detail, { headers: { 'www-authenticate': 'Bearer realm="chatlink"' } })
}

/** Compares hashes, so the time taken tells neither content nor length of the secret. */
async function isSame(given: string, expected: string): Promise<boolean> {
  const encoder = new TextEncoder()
  const [left, right] = await Promise.all(
    [given, expected].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))),
  )
  return crypto.subtle.timingSafeEqual(left!, right!)
}

/** Lets the holder of one of the installation's own tokens in. */
export function requireToken(name: 'CHATLINK_ADMIN_TOKEN' | 'CHATLINK_CONNECTOR_TOKEN') {
  return createMiddleware<AppEnv>(async function requireToken(context, next) {
    const given = bearerOf(context.req.header('authorization'))
    if (!given) throw unauthorized('Send `Authorization: Bearer …` with the token of the installation.')
    if (!(await isSame(given, readConfig(context.env)[name])))
      throw unauthorized('This token is not the right one.')
    await next()
  })
}

const maxKnownTenants = 10_000
const knownTenants = new Set<string>()

/**
 * A tenant that exists, or nothing. An object comes into being (and on workerd its file) by being called, so nobody may
 * call one by a guessed name: the Fleet knows which tenants there are, and each isolate asks once.
 */
async function findTenant(env: Env, idTenant: string): Promise<string | undefined> {
  if (knownTenants.has(idTenant)) return idTenant
  const { ok } = await env.FLEET.getByName('fleet').getTenant(idTenant)
  if (!ok) return undefined
  if (knownTenants.size >= maxKnownTenants) knownTenants.clear()
  knownTenants.add(idTenant)
  return idTenant
}

async function findHolder(env: Env, apiKey: string) {
  const tenant = /^ck_([A-Za-z0-9]{10,64})_[A-Za-z0-9]+$/.exec(apiKey)?.[1]
  const idTenant = tenant && (await findTenant(env, `ten_${tenant}`))
  if (!idTenant) return { ok: false } as const
  return env.TENANT.getByName(idTenant).authorize(await hashText(apiKey))
}

/** Whether the key that a request came with still holds: for an answer that goes on long after the request was let in. */
export async function isStillAuthorized({ req, env }: Context<AppEnv>): Promise<boolean> {
  const given = bearerOf(req.header('authorization'))
  return given !== undefined && (await findHolder(env, given)).ok
}

/** Lets the holder of a tenant's API key in; `context.get('caller')` is who it is. */
export function requireKey() {
  return createMiddleware<AppEnv>(async function requireKey(context, next) {
    const given = bearerOf(context.req.header('authorization'))
    if (!given) throw unauthorized('Send `Authorization: Bearer ck_…` with an API key.')
    const found = await findHolder(context.env, given)
    if (!found.ok) throw unauthorized('This API key does not exist or was revoked.')
    const { idKey, scopes } = found
    context.set('caller', { idTenant: found.idTenant, idKey, scopes })
    await next()
  })
}

/** Lets a key through that has the scope. Use behind `requireKey`. */
export function requireScope(scope: Exclude<Scope, '*'>) {
  return createMiddleware<AppEnv>(async function requireScope(context, next) {
    const { scopes } = context.get('caller')
    if (!scopes.includes('*') && !scopes.includes(scope))
      throw new ApiError('scopeMissing', `This API key lacks the scope ${scope}. Use one that has it.`)
    await next()
  })
}
