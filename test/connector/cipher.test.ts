import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeCipher } from '../../connector/cipher.ts'

const masterKey = Buffer.alloc(32, 1)
const cipher = makeCipher(masterKey, 'a')

describe('a sealed value', () => {
  it('opens to what was sealed', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.uint8Array(), (type, id, bytes) => {
        const plain = Buffer.from(bytes)
        expect(cipher.open(type, id, cipher.seal(type, id, plain)).equals(plain)).toBe(true)
      }),
    )
  })

  it('does not open when one bit of it was changed', () => {
    const sealed = cipher.seal('session', 'x', Buffer.from('ratchet'))
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const changed = Buffer.from(sealed)
        changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7))
        expect(() => cipher.open('session', 'x', changed)).toThrow(/does not open|not in a form/)
      }),
    )
  })

  it('does not open in another’s place, in another session, or under another master key', () => {
    const sealed = cipher.seal('session', 'x', Buffer.from('ratchet'))
    expect(() => cipher.open('session', 'y', sealed)).toThrow('does not open')
    expect(() => cipher.open('sender-key', 'x', sealed)).toThrow('does not open')
    expect(() => makeCipher(masterKey, 'b').open('session', 'x', sealed)).toThrow('does not open')
    expect(() => makeCipher(Buffer.alloc(32, 2), 'a').open('session', 'x', sealed)).toThrow('does not open')
  })
})
