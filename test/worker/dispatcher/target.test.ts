import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTargetUrl, isDoor } from '../../../worker/dispatcher/target.ts'

const policy = { allowPrivate: false, publicUrl: 'https://api.chatlink.example' }
const code = (url: string, given = policy) => {
  const result = checkTargetUrl(url, given)
  return result.ok ? 'ok' : result.code
}

describe('target', () => {
  it.each([
    'https://example.com/webhook',
    'https://example.com:8443/a?b=c',
    'https://bücher.example/',
    'https://EXAMPLE.com./x',
    // Ends like our own host, but is none of its subdomains.
    'https://notapi.chatlink.example/',
    `https://example.com/${'x'.repeat(2028)}`,
  ])('allows %s', (url) => {
    expect(code(url)).toBe('ok')
  })

  it.each([
    ['http://example.com/', 'notHttps'],
    ['ftp://example.com/', 'notHttps'],
    ['file:///etc/passwd', 'urlInvalid'],
    ['javascript:alert(1)', 'urlInvalid'],
    ['https://', 'urlInvalid'],
    ['https:///x', 'privateHost'],
    ['', 'urlInvalid'],
    ['not a url', 'urlInvalid'],
    ['https://user:word@example.com/', 'credentialsInUrl'],
    ['https://user@example.com/', 'credentialsInUrl'],
    ['https://@example.com/', 'credentialsInUrl'],
    ['https://example.com/#part', 'fragmentInUrl'],
    ['https://example.com/#', 'fragmentInUrl'],
    ['https://example.com:0/', 'portRefused'],
    ['https://example.com:25/', 'portRefused'],
    ['https://example.com:587/', 'portRefused'],
    ['https://example.com:2525/', 'portRefused'],
    ['https://example.com:6667/', 'portRefused'],
    ['https://example.com\\@evil.example/', 'urlInvalid'],
    ['https://exam\tple.com/', 'urlInvalid'],
    ['https://example.com/\u0000', 'urlInvalid'],
    ['\u0001https://example.com/', 'urlInvalid'],
    [`https://example.com/${'x'.repeat(2029)}`, 'urlInvalid'],
  ])('answers %s with %s', (url, expected) => {
    expect(code(url)).toBe(expected)
  })

  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '8.8.8.8',
    '[::1]',
    '[fd00::1]',
    '[fe80::1]',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[2002:a00:1::]',
    '127.0.0.1.',
    '１２７.０.０.１',
    '①②⑦.0.0.1',
  ])('refuses the address %s', (host) => {
    expect(['ipLiteral', 'urlInvalid']).toContain(code(`https://${host}/`))
  })

  it.each(['fe80::1%25eth0', '[fe80::1%25eth0]', '300.1.1.1', '0x7f.1.2.3.4'])(
    'refuses the oddity %s',
    (host) => {
      expect(code(`https://${host}/`)).not.toBe('ok')
    },
  )

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'db.localhost',
    'printer.local',
    'metadata.google.internal',
    'router.lan',
    'intranet',
    'wiki.corp',
    'name.onion',
    'server.test',
    '1.0.0.10.in-addr.arpa',
    'example..com',
    'ｌｏｃａｌｈｏｓｔ',
  ])('refuses the private name %s', (host) => {
    expect(code(`https://${host}/`)).toBe('privateHost')
  })

  it.each(['api.chatlink.example', 'API.chatlink.example.', 'x.api.chatlink.example'])(
    'refuses our own %s',
    (host) => {
      expect(code(`https://${host}/`)).toBe('ownHost')
    },
  )

  it('opens http and loopback for development, but neither itself nor link-local addresses', () => {
    const open = { allowPrivate: true, publicUrl: 'http://127.0.0.1:8787' }
    expect(code('http://127.0.0.1:9000/x', open)).toBe('ok')
    expect(code('http://localhost:9000/x', open)).toBe('ok')
    expect(code('http://127.0.0.1:8787/x', open)).toBe('ownHost')
    for (const alias of ['localhost', 'x.localhost', '127.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])
      expect(code(`http://${alias}:8787/x`, open)).toBe('ownHost')
    const linkLocal = [
      '169.254.169.254',
      '[fe80::1]',
      '[febf::1]',
      '[::ffff:169.254.169.254]',
      '[64:ff9b::a9fe:a9fe]',
    ]
    for (const host of linkLocal) expect(code(`http://${host}/latest`, open)).toBe('ipLiteral')
    expect(code('ftp://127.0.0.1/', open)).toBe('notHttps')
  })

  it('lets no address through, however it is written', () => {
    const parts = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
    const writings = fc.constantFrom(
      ([a, b, c, d]: number[]) => `${a}.${b}.${c}.${d}`,
      ([a = 0, b = 0, c = 0, d = 0]: number[]) => String(a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d),
      ([a = 0, b = 0, c = 0, d = 0]: number[]) =>
        `0x${[a, b, c, d].map((n) => n.toString(16).padStart(2, '0')).join('')}`,
      ([a = 0, b, c, d]: number[]) => `0${a.toString(8)}.${b}.${c}.${d}.`,
      ([a, b, c = 0, d = 0]: number[]) => `${a}.${b}.${c * 256 + d}`,
      ([a, b, c, d]: number[]) => `[::ffff:${a}.${b}.${c}.${d}]`,
    )
    fc.assert(
      fc.property(parts, writings, (address, write) => {
        expect(code(`https://${write(address)}/`)).toBe('ipLiteral')
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(code(text)).toBeTypeOf('string')
        expect(code(`https://${text}`)).toBeTypeOf('string')
      }),
    )
  })
})

describe('the door that a request has come to', () => {
  it.each([
    ['https://chatlink.example/x', 'https://chatlink.example/v1/subscriptions'],
    ['https://CHATLINK.example./x', 'http://chatlink.example/'],
    ['http://localhost:8787/', 'http://127.0.0.1:8787/'],
    ['http://127.1:8787/', 'http://[::1]:8787/'],
  ])('is known in %s when it is %s', (url, door) => {
    expect(isDoor(url, door)).toBe(true)
  })

  it.each([
    ['https://hooks.chatlink.example/', 'https://chatlink.example/'],
    ['https://chatlink.example:8443/', 'https://chatlink.example/'],
    ['http://localhost:3000/', 'http://127.0.0.1:8787/'],
    ['nonsense', 'http://127.0.0.1:8787/'],
  ])('is another than %s when it is %s', (url, door) => {
    expect(isDoor(url, door)).toBe(false)
  })
})
