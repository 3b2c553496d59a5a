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

const maxHeaders = 20
const maxValueCharacters = 2048

/** Checks a subscription's custom headers; names are compared without case. */
export function checkCustomHeaders(
  headers: Readonly<Record<string, string>>,
): Result<object, 'headerRefused'> {
  const names = Object.entries(headers)
  if (names.length > maxHeaders) return fail('headerRefused', `Use at most ${maxHeaders} headers.`)
  for (const [name, value] of names) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) {
      return fail('headerRefused', 'Use letters, digits and hyphens in the names of headers.')
    }
    if (isRefused(name))
      return fail('headerRefused', `Leave out the header "${name}"; ChatLink sets it or must not.`)
    if (value.length > maxValueCharacters || !/^[\t\x20-\x7e]*$/.test(value)) {
      return fail(
        'headerRefused',
        `Use at most ${maxValueCharacters} printable ASCII characters in "${name}".`,
      )
    }
  }
  return succeed({})
}

/** Whether a header of this name is not a subscription's to set. */
export function isRefused(name: string): boolean {
  const lower = name.toLowerCase()
  return refused.has(lower) || refusedPrefixes.some((start) => lower.startsWith(start))
}
