import { fail, succeed, type Result } from '../result.ts'

/**
 * Signatures as Standard Webhooks has them (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
 * HMAC-SHA256 over `id.timestamp.body`, base64, with the prefix `v1,`; several signatures are separated by a space.
 */
const prefix = 'whsec_'
const minSecretBytes = 24
type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const maxSecretBytes = 64
const maxCachedKeys = 1000

const encoder = new TextEncoder()
const keys = new Map<string, SigningKey>()

/** Reads a secret `whsec_<base64>` of 24 to 64 bytes. */
export function parseSecret(secret: string): Result<{ bytes: Uint8Array<ArrayBuffer> }, 'secretInvalid'> {
  const detail = `Use "${prefix}" followed by the base64 of ${minSecretBytes} to ${maxSecretBytes} random bytes.`
  if (!secret.startsWith(prefix)) return fail('secretInvalid', detail)
  try {
    const bytes = Uint8Array.from(atob(secret.slice(prefix.length)), (character) => character.charCodeAt(0))
    const fits = bytes.length >= minSecretBytes && bytes.length <= maxSecretBytes
    return fits ? succeed({ bytes }) : fail('secretInvalid', detail)
  } catch {
    return fail('secretInvalid', detail)
  }
}

/** A new secret of 32 random bytes. */
export function makeSecret(): string {
  return prefix + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
}

/**
 * The value of `webhook-signature`: one signature for each secret, in their order.
 * @param timestamp Unix seconds.
 */
export async function sign(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string,
): Promise<string> {
  const content = encoder.encode(`${id}.${timestamp}.${body}`)
  const signatures: string[] = []
  for (const secret of secrets) {
    const key = keys.get(secret) ?? (await importKey(secret))
    const signature = new Uint8Array(await crypto.subtle.sign('HMAC', key, content))
    signatures.push(`v1,${btoa(String.fromCharCode(...signature))}`)
  }
  return signatures.join(' ')
}

/** The secrets that sign at this time (ms): those of a rotation whose overlap has not ended, and the current one. */
export function currentSecrets(
  secrets: readonly { secret: string; expiresAt?: number }[],
  now: number,
): string[] {
  return secrets
    .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
    .map(({ secret }) => secret)
}

/** Importing costs more than signing, so the last few keys are kept. */
async function importKey(secret: string): Promise<SigningKey> {
  const parsed = parseSecret(secret)
  if (!parsed.ok) throw new Error(parsed.detail)
  const key = await crypto.subtle.importKey('raw', parsed.bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ])
  const [oldest] = keys.keys()
  if (keys.size >= maxCachedKeys && oldest !== undefined) keys.delete(oldest)
  keys.set(secret, key)
  return key
}
