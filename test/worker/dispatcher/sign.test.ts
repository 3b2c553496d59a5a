import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { currentSecrets, makeSecret, parseSecret, sign } from '../../../worker/dispatcher/sign.ts'

const secretOf = (bytes: Uint8Array) => `whsec_${btoa(String.fromCharCode(...bytes))}`

describe('sign', () => {
  it('signs the published test vector', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const signature = await sign([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('is verified by a third party, whatever the body', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.string({ unit: 'grapheme' }),
        async (bytes, value) => {
          const secret = secretOf(bytes)
          const body = JSON.stringify({ value })
          const timestamp = Math.floor(Date.now() / 1000)
          const headers = {
            'webhook-id': 'evt_1',
            'webhook-timestamp': String(timestamp),
            'webhook-signature': await sign([makeSecret(), secret], 'evt_1', timestamp, body),
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
    const secrets = [{ secret: 'new' }, { secret: 'old', expiresAt: 1000 }]
    expect(currentSecrets(secrets, 999)).toEqual(['new', 'old'])
    expect(currentSecrets(secrets, 1000)).toEqual(['new'])
  })
})
