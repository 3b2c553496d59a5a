import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

/**
 * Seals what the Worker keeps for the connector: AES-256-GCM under a key of the session, derived by HKDF-SHA256 from the
 * installation's master key. What a value is (its type and id) is authenticated with it, so that a stored value that
 * is put in another's place, or in another session, does not open.
 *
 * Layout: version (1 byte), nonce (12), ciphertext, tag (16). Nonces are random: safe for 2^32 values of one session.
 */
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

export interface Cipher {
  seal(type: string, id: string, plain: Buffer): Buffer
  /** Throws when the value was changed, is another's, or was sealed with another master key. */
  open(type: string, id: string, sealed: Buffer): Buffer
}

/** @param session names the session for ever, and no other: its object id. */
export function makeCipher(masterKey: Buffer, session: string): Cipher {
  const key = Buffer.from(hkdfSync('sha256', masterKey, session, 'chatlink session keys 1', 32))
  const about = (type: string, id: string) => Buffer.from(`${type}\0${id}`)
  return {
    seal(type, id, plain) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(about(type, id))
      return Buffer.concat([
        Buffer.from([VERSION]),
        nonce,
        cipher.update(plain),
        cipher.final(),
        cipher.getAuthTag(),
      ])
    },
    open(type, id, sealed) {
      if (sealed[0] !== VERSION || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) {
        throw new Error(`a stored ${type} is not in a form that this version knows`)
      }
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES))
      decipher.setAAD(about(type, id)).setAuthTag(sealed.subarray(-TAG_BYTES))
      const plain = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES))
      try {
        return Buffer.concat([plain, decipher.final()])
      } catch {
        throw new Error(
          `a stored ${type} does not open: CHATLINK_MASTER_KEY is not the one that it was stored with, or it was changed`,
        )
      }
    },
  }
}

/** Names a master key without giving anything of it away. */
export function fingerprintOf(masterKey: Buffer): string {
  const bytes = hkdfSync('sha256', masterKey, '', 'chatlink master key fingerprint 1', 16)
  return Buffer.from(bytes).toString('base64url')
}
