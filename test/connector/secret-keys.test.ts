import '../../connector/secret-keys.ts'
import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'

describe('keys that are plain bytes', () => {
  it('make the HMAC of RFC 4231, test cases 1 and 2', () => {
    expect(createHmac('sha256', Buffer.alloc(20, 0x0b)).update('Hi There').digest('hex')).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    )
    expect(
      createHmac('sha256', new TextEncoder().encode('Jefe'))
        .update('what do ya want for nothing?')
        .digest('hex'),
    ).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
  })

  it.each(['aes-256-cbc', 'aes-256-ctr', 'aes-256-gcm'] as const)(
    'encrypt %s as a KeyObject does',
    (name) => {
      const key = Buffer.alloc(32, 7)
      const iv = Buffer.alloc(name === 'aes-256-gcm' ? 12 : 16, 9)
      const encrypt = (secret: Buffer | ReturnType<typeof createSecretKey>) => {
        const cipher = createCipheriv(name, secret, iv)
        return Buffer.concat([cipher.update('a message'), cipher.final()])
      }
      const ciphertext = encrypt(key)
      expect(ciphertext).toEqual(encrypt(createSecretKey(key)))
      const decipher = createDecipheriv(name, key, iv)
      if (name === 'aes-256-cbc') {
        const plaintext = Buffer.concat([decipher.update(ciphertext), decipher.final()])
        expect(plaintext.toString()).toBe('a message')
      } else expect(decipher.update(ciphertext).toString()).toBe('a message')
    },
  )

  it('accept an empty key and refuse a wrong length, as before', () => {
    expect(createHmac('sha256', Buffer.alloc(0)).update('x').digest()).toHaveLength(32)
    expect(() => createCipheriv('aes-256-cbc', Buffer.alloc(31), Buffer.alloc(16))).toThrow(
      'Invalid key length',
    )
  })
})
