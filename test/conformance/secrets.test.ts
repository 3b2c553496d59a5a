import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Received } from '../support/endpoint-step.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start()
})

afterAll(async () => {
  await stage?.stop()
})

/** Of the specification's own test vector. */
const published = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** The signature as the specification has it, by hand: the key is what the base64 stands for. */
function signatureOf(secret: string, { headers, body }: Pick<Received, 'headers' | 'body'>): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

function verifies(secret: string, { headers, body }: Received): boolean {
  try {
    return Boolean(new Webhook(secret).verify(body, headers))
  } catch {
    return false
  }
}

describe.concurrent('A. Secrets of one’s own', () => {
  it('1. is measured by a signer that reproduces the published vector', () => {
    const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330' }
    const signature = signatureOf(published, { headers, body: '{"test": 2432232314}' })
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it.each([
    ['the published one', published],
    [
      'one of every sign of base64',
      `whsec_${Buffer.from('fbefbefbefbef0ff'.repeat(3), 'hex').toString('base64')}++//`,
    ],
    ['one that is padded once', `whsec_${Buffer.alloc(32, 0xfe).toString('base64')}`],
    ['one that is padded twice', `whsec_${Buffer.alloc(25, 0xff).toString('base64')}`],
    ['one of zeros', `whsec_${Buffer.alloc(24).toString('base64')}`],
  ])('1, 2. signs by what %s stands for', async (_what, secret) => {
    const one = await stage.case({ secret })
    expect(one.secret).toBe(secret)
    await one.publish(text('x'))
    const [received] = (await one.until(1)) as [Received]
    expect(received.headers['webhook-signature']).toBe(signatureOf(secret, received))
    expect(verifies(secret, received)).toBe(true)
  })

  it.each([
    ['without its prefix', Buffer.alloc(32, 1).toString('base64')],
    ['in the other alphabet', `whsec_${Buffer.alloc(32, 0xfe).toString('base64url')}`],
    ['that is no base64', `whsec_${'!'.repeat(40)}`],
    ['with a break in it', `whsec_${'A'.repeat(20)}\n${'A'.repeat(20)}`],
    ['that is empty', 'whsec_'],
  ])('2. refuses a secret %s', async (_what, secret) => {
    const body = { url: stage.endpoints.url('x'), secret }
    expect((await stage.api.request('POST', '/v1/subscriptions', body)).status).toBe(422)
  })

  it('9. never shows a secret again', async () => {
    const one = await stage.case()
    const answers = await Promise.all(['/v1/subscriptions', one.root].map((path) => stage.getText(path)))
    for (const answer of answers) {
      expect(answer).toContain(one.subscription.idSubscription)
      expect(answer).not.toContain(one.secret.slice(6))
      expect(answer).not.toContain('whsec_')
    }
    expect(stage.log.join('\n')).not.toContain(one.secret.slice(6))
  })
})

describe.concurrent('B. Several rotations', () => {
  const rotate = (root: string, overlapSeconds: number) =>
    stage.api.post<{ secret: string }>(`${root}/rotate-secret`, { overlapSeconds })

  it('15. signs by the newest and the three before it, however many overlap', async () => {
    const one = await stage.case()
    const secrets = [one.secret]
    for (let turn = 0; turn < 5; turn++) secrets.push((await rotate(one.root, 600)).secret)
    await one.publish(text('x'))
    const [received] = (await one.until(1)) as [Received]
    expect(received.headers['webhook-signature']?.split(' ')).toHaveLength(4)
    expect(secrets.map((secret) => verifies(secret, received))).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ])
  })

  it('16. a rotation without overlap ends the overlap of those before it, too', async () => {
    const one = await stage.case()
    const { secret: second } = await rotate(one.root, 600)
    const { secret: third } = await rotate(one.root, 0)
    await one.publish(text('x'))
    const [received] = (await one.until(1)) as [Received]
    expect([one.secret, second, third].map((secret) => verifies(secret, received))).toEqual([
      false,
      false,
      true,
    ])
    expect(received.headers['webhook-signature']?.split(' ')).toHaveLength(1)
  })

  it.each([-1, 604_801, 1.5])('16. refuses an overlap of %d seconds', async (overlapSeconds) => {
    const one = await stage.case()
    const { status } = await stage.api.request('POST', `${one.root}/rotate-secret`, { overlapSeconds })
    expect(status).toBe(422)
    await one.publish(text('x'))
    const [received] = (await one.until(1)) as [Received]
    expect(verifies(one.secret, received)).toBe(true)
  })
})
