import crypto, { createSecretKey } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Makes `createHmac`, `createCipheriv` and `createDecipheriv` cheap again for keys that are plain bytes, as Baileys and
 * libsignal pass them. Node 24.21 finds out by a thrown and caught error, with its stack, that such a key is not a
 * `KeyObject`: 12 µs a call instead of 3, more in deep stacks; it was the larger half of the cost of a message.
 * Importing this file wraps the three functions for the whole process; what they compute stays the same.
 */
type Maker = (algorithm: string, key: unknown, ...more: unknown[]) => unknown

for (const name of ['createHmac', 'createCipheriv', 'createDecipheriv'] as const) {
  const make = crypto[name] as Maker
  const wrapped: Maker = (algorithm, key, ...more) =>
    make(algorithm, key instanceof Uint8Array ? createSecretKey(key) : key, ...more)
  Object.assign(crypto, { [name]: wrapped })
}
syncBuiltinESMExports()
