import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { makeSecret, parseSecret, readSigningKeys, sign } from '../../../worker/dispatcher/sign.ts'

const secretOf = (bytes: Uint8Array) => `whsec_${btoa(String.fromCharCode(...bytes))}`

describe('sign', () => {
  it('signs the published test vector', () => {
    const keys = readSigningKeys([{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }])
    const signature = sign(keys, 0, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is verified by a third party, whatever the body', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.string({ unit: 'grapheme' }),
        (bytes, value) => {
          const secret = secretOf(bytes)
          const body = JSON.stringify({ value })
          const timestamp = Math.floor(Date.now() / 1000)
          const keys = readSigningKeys([{ secret: makeSecret() }, { secret }])
          const headers = {
            'webhook-id': 'evt_1',
            'webhook-timestamp': String(timestamp),
            'webhook-signature': sign(keys, Date.now(), 'evt_1', timestamp, body),
          }
          expect(new Webhook(secret).verify(body, headers)).toEqual({ value })
          expect(() => new Webhook(makeSecret()).verify(body, headers)).toThrow('No matching signature found')
        },
      ),
      { numRuns: 30 },
    )
  })

  it.each([
    [23, false],
    [24, true],
    [64, true],
    [65, false],
  ])('takes a secret of %i bytes: %s', (length, isTaken) => {
    expect(parseSecret(secretOf(new Uint8Array(length))).ok).toBe(isTaken)
  })

  it('makes secrets that it takes itself, no two the same', () => {
    expect(parseSecret(makeSecret()).ok).toBe(true)
    expect(makeSecret()).not.toBe(makeSecret())
  })

  it('leaves out a secret whose overlap has ended', () => {
    const keys = readSigningKeys([{ secret: makeSecret() }, { secret: makeSecret(), expiresAt: 1000 }])
    const signaturesAt = (now: number) => sign(keys, now, 'evt_1', 0, '{}').split(' ').length
    expect(signaturesAt(999)).toBe(2)
    expect(signaturesAt(1000)).toBe(1)
  })

  it('reads no secrets that are none', () => {
    expect(() => readSigningKeys([{ secret: 'whsec_short' }])).toThrow('random bytes')
  })
})
