import { fail, succeed, type Result } from '../result.ts'

/** Names that a subscription cannot set: ours, those of the connection itself, and what proxies act upon. */
const refused: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'date',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'origin',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
])
const refusedPrefixes = ['webhook-', 'svix-', 'cf-', 'x-forwarded-', 'sec-'] as const

/**
 * Checks what the contract cannot say of a subscription's custom headers: names that are not its to set. How many, how
 * long and of which characters is the contract's (`schema/api/subscription.ts`).
 */
export function checkCustomHeaders(
  headers: Readonly<Record<string, string>>,
): Result<object, 'headerRefused'> {
  const taken = Object.keys(headers).find(isRefused)
  if (taken) return fail('headerRefused', `Leave out the header "${taken}"; ChatLink sets it or must not.`)
  return succeed({})
}

/** Whether a header of this name is not a subscription's to set. */
export function isRefused(name: string): boolean {
  const lower = name.toLowerCase()
  return refused.has(lower) || refusedPrefixes.some((start) => lower.startsWith(start))
}
