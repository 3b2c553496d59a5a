import { createHmac } from 'node:crypto'
import { fail, succeed, type Result } from '../result.ts'

/**
 * Signatures as Standard Webhooks has them (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
 * HMAC-SHA256 over `id.timestamp.body`, base64, with the prefix `v1,`; several signatures are separated by a space.
 */
const prefix = 'whsec_'
const minSecretBytes = 24
const maxSecretBytes = 64

/** A secret ready to sign with, until `expiresAt` (ms). */
export interface SigningKey {
  bytes: Uint8Array
  expiresAt: number
}

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

/** Reads the secrets of a subscription. @throws when one of them is none. */
export function readSigningKeys(secrets: readonly { secret: string; expiresAt?: number }[]): SigningKey[] {
  return secrets.map(({ secret, expiresAt = Infinity }) => {
    const parsed = parseSecret(secret)
    if (!parsed.ok) throw new Error(parsed.detail)
    return { bytes: parsed.bytes, expiresAt }
  })
}

/**
 * The value of `webhook-signature` at `now` (ms): one signature for each key whose overlap has not ended, in their order.
 * It is there at once, so that a request leaves before what is written in the same turn, and need not wait for it.
 * @param timestamp Unix seconds.
 */
export function sign(
  keys: readonly SigningKey[],
  now: number,
  id: string,
  timestamp: number,
  body: string,
): string {
  const content = `${id}.${timestamp}.${body}`
  return keys
    .filter(({ expiresAt }) => expiresAt > now)
    .map(({ bytes }) => `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`)
    .join(' ')
}
