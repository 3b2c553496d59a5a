import '../../connector/libsignal.ts'
import { Curve } from 'baileys'
import fc from 'fast-check'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { isSignedBy, sign } from '../../connector/signature.ts'

const require = createRequire(import.meta.url)
/** Below libsignal: plain JavaScript, and nobody's remedy touches it. */
const plain = createRequire(require.resolve('baileys'))('curve25519-js') as {
  generateKeyPair(seed: Uint8Array): { public: Uint8Array; private: Uint8Array }
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
const message = fc.uint8Array({ minLength: 1, maxLength: 200 })
const few = { numRuns: 25 }

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n

function malleate(signature: Buffer): Buffer {
  const changed = Buffer.from(signature)
  const sign = changed[63]! & 0x80
  changed[63] = changed[63]! & 0x7f
  const scalar = BigInt(`0x${Buffer.from(changed.subarray(32)).reverse().toString('hex')}`) + groupOrder
  Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse().copy(changed, 32)
  changed[63] |= sign
  return changed
}

describe('signatures', () => {
  it('made here hold in libsignal’s own implementation, and the reverse', () => {
    fc.assert(
      fc.property(seed, message, (secret, text) => {
        const pair = plain.generateKeyPair(secret)
        expect(plain.verify(pair.public, text, sign(pair.private, text))).toBe(true)
        expect(isSignedBy(pair.public, text, plain.sign(pair.private, text))).toBe(true)
      }),
      few,
    )
  })

  it('are refused with a bit flipped in signature, message or key, as libsignal’s own implementation does', () => {
    fc.assert(
      fc.property(
        seed,
        message,
        fc.nat(511),
        fc.constantFrom('signature', 'message', 'key'),
        (secret, text, bit, where) => {
          const pair = plain.generateKeyPair(secret)
          const parts = {
            key: Buffer.from(pair.public),
            message: Buffer.from(text),
            signature: sign(pair.private, text),
          }
          const target = parts[where]
          const at = bit % (target.length * 8)
          target[at >> 3] = target[at >> 3]! ^ (1 << (at & 7))
          const isTopBit = where === 'key' && at === 255
          const ours = isSignedBy(parts.key, parts.message, parts.signature)
          expect(ours).toBe(plain.verify(parts.key, parts.message, parts.signature))
          expect(ours).toBe(isTopBit)
        },
      ),
      few,
    )
  })

  it('are refused to Baileys, too, which takes whatever is not an error for a good one', () => {
    const { private: secret, public: key } = Curve.generateKeyPair()
    const text = Buffer.from('who says this')
    const signature = Curve.sign(secret, text)
    expect(Curve.verify(key, text, signature)).toBe(true)
    signature[0] = signature[0]! ^ 1
    expect(Curve.verify(key, text, signature)).toBe(false)
  })

  it('are refused when they are random bytes or a stranger’s', () => {
    fc.assert(
      fc.property(
        seed,
        seed,
        message,
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (one, other, text, noise) => {
          fc.pre(Buffer.compare(one, other) !== 0)
          const pair = plain.generateKeyPair(one)
          const stranger = plain.generateKeyPair(other)
          fc.pre(Buffer.compare(pair.public, stranger.public) !== 0)
          expect(isSignedBy(pair.public, text, noise)).toBe(false)
          expect(isSignedBy(pair.public, text, sign(stranger.private, text))).toBe(false)
        },
      ),
      few,
    )
  })

  it('are refused in another spelling, which libsignal’s own implementation takes', () => {
    const pair = plain.generateKeyPair(Buffer.alloc(32, 5))
    const text = Buffer.from('a message')
    const other = malleate(sign(pair.private, text))
    expect(plain.verify(pair.public, text, other)).toBe(true)
    expect(isSignedBy(pair.public, text, other)).toBe(false)
  })

  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(31)}`,
  ])('are refused under the key of small order %s', (hex) => {
    const forged = Buffer.alloc(64)
    forged[0] = 1
    expect(isSignedBy(Buffer.from(hex, 'hex'), Buffer.from('anything'), forged)).toBe(false)
  })

  it('are refused when they or their keys have a wrong length', () => {
    const pair = plain.generateKeyPair(Buffer.alloc(32, 6))
    const text = Buffer.from('a message')
    expect(isSignedBy(pair.public, text, sign(pair.private, text).subarray(1))).toBe(false)
    expect(isSignedBy(pair.public.subarray(1), text, sign(pair.private, text))).toBe(false)
    expect(isSignedBy(Buffer.concat([Buffer.from([5]), pair.public]), text, sign(pair.private, text))).toBe(
      true,
    )
  })
})
