import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { pause } from './waiting.ts'

const production = { CHATLINK_ALLOW_PRIVATE_TARGETS: '', CHATLINK_PUBLIC_URL: 'https://chatlink.example' }

let stage: ConformanceStage

beforeAll(async () => {
  stage = await ConformanceStage.start(production)
})

afterAll(async () => {
  await stage?.stop()
})

const create = async (url: string) => (await stage.api.request('POST', '/v1/subscriptions', { url })).status

describe('L. Targets, as an installation in production takes them', () => {
  it('90. takes https with a public name', async () => {
    expect(await create('https://example.com/webhook')).toBe(201)
    expect(await create('https://example.com:8443/webhook?tenant=1')).toBe(201)
  })

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://user:word@example.com/',
    'https://@example.com/',
    'https://example.com/#fragment',
    'https://example.com:0/',
    'https://example.com:25/',
    'https://',
    '//example.com/',
    '',
  ])('90. refuses "%s"', async (url) => {
    expect(await create(url)).toBe(422)
  })

  it.each([
    '127.0.0.1',
    'localhost',
    '[::1]',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '[fd00::1]',
    '[fe80::1%25eth0]',
  ])('91. refuses %s', async (host) => {
    expect(await create(`https://${host}/`)).toBe(422)
  })

  it.each([
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[2002:a00:1::]',
    '127.0.0.1.',
    'localhost.',
    'LOCALHOST',
    'some.localhost',
    'metadata.google.internal',
    '１２７.０.０.１',
    'ｌｏｃａｌｈｏｓｔ',
  ])('92. sees through the disguise %s', async (host) => {
    expect(await create(`https://${host}/`)).toBe(422)
  })

  it.each(['chatlink.example', 'chatlink.example.', 'x.chatlink.example', 'x.y.CHATLINK.example.'])(
    '94. refuses our own host %s',
    async (host) => {
      expect(await create(`https://${host}/hook`)).toBe(422)
      expect(await create(`https://${host}:8443/hook`)).toBe(422)
    },
  )
})

describe('L. Targets, when they are used', () => {
  // Names that lead to private addresses: resolution.test.ts.
  it('93. sends nothing to a target that was allowed when it was saved and is not any more', async () => {
    const open = await ConformanceStage.start({ CHATLINK_RETRY_SCHEDULE: '1' })
    try {
      const one = await open.case()
      await one.publish(text('before'))
      await one.until(1)
      await open.restart({ ...production, CHATLINK_RETRY_SCHEDULE: '1' })
      const link = await open.relink(one.link)
      link.commit([{ idSession: one.idSession, ...text('after') }])
      await link.drained()
      expect(await one.untilStatus('exhausted')).toMatchObject({ lastError: 'blockedTarget', attempts: 2 })
      await pause(300)
      expect(one.values).toEqual(['before'])
    } finally {
      await open.stop()
    }
  }, 90_000)
})
