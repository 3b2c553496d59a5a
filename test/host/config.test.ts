import { describe, expect, it } from 'vitest'
import { parseHostConfig } from '../../worker/host/config.ts'

const parse = (environment: Record<string, string>) => parseHostConfig(environment, '/home/me/chatlink')

function parsed(environment: Record<string, string>) {
  const result = parse(environment)
  if (!result.ok) throw new Error(result.problem)
  return result.config
}

describe('the environment of npm start', () => {
  it('needs nothing: the API is on loopback, the data beside the project, private targets closed', () => {
    expect(parsed({})).toMatchObject({
      port: 8787,
      host: '127.0.0.1',
      dataDirectory: '/home/me/chatlink/.chatlink',
      given: {},
      allowPrivateTargets: false,
      workerVariables: {},
    })
  })

  it('takes an empty variable for one that is not set', () => {
    expect(parsed({ PORT: '', CHATLINK_MASTER_KEY: '', CHATLINK_RETRY_SCHEDULE: '' })).toMatchObject({
      port: 8787,
      given: {},
    })
  })

  it('gives each part what it needs and no more', () => {
    const config = parsed({
      PATH: '/bin',
      PORT: '9000',
      CHATLINK_ADMIN_TOKEN: 'an-admin-token-of-length',
      CHATLINK_RETRY_SCHEDULE: '1,2',
      CHATLINK_WHATSAPP_URL: 'ws://127.0.0.1:4000/ws/chat',
      NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
      LOG_LEVEL: 'warn',
    })
    expect(config.workerVariables).toEqual({ CHATLINK_RETRY_SCHEDULE: '1,2', LOG_LEVEL: 'warn' })
    expect(config.connectorVariables).toEqual({
      PATH: '/bin',
      CHATLINK_WHATSAPP_URL: 'ws://127.0.0.1:4000/ws/chat',
      NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
      LOG_LEVEL: 'warn',
    })
  })

  it.each([
    ['PORT', 'abc'],
    ['PORT', '70000'],
    ['CHATLINK_HOST', 'example.com'],
    ['CHATLINK_ADMIN_TOKEN', 'short-secret'],
    ['CHATLINK_ADMIN_TOKEN', 'a secret of several words'],
    ['CHATLINK_CONNECTOR_TOKEN', 'ein-Geheimnis-für-uns'],
    ['CHATLINK_CONNECTOR_TOKEN', 'short-secret'],
    ['CHATLINK_MASTER_KEY', 'c2hvcnQtc2VjcmV0'],
    ['CHATLINK_RETRY_SCHEDULE', '5,soon'],
    ['CHATLINK_RETRY_SCHEDULE', ','],
    ['CHATLINK_RETRY_SCHEDULE', '5,,30'],
    ['CHATLINK_URL', 'ftp://127.0.0.1'],
    ['CHATLINK_RETENTION_DAYS', 'never'],
    ['CHATLINK_RETENTION_DAYS', '-1'],
    ['CHATLINK_ALLOW_PRIVATE_TARGETS', 'yes'],
    ['CHATLINK_PUBLIC_URL', 'not-an-address'],
    ['CHATLINK_PUBLIC_URL', 'ftp://chatlink.example'],
    ['CHATLINK_PUBLIC_URL', 'https://me:secret@chatlink.example'],
    ['CHATLINK_WHATSAPP_URL', 'ws://203.0.113.7/ws/chat'],
    ['CHATLINK_WHATSAPP_URL', 'https://127.0.0.1/'],
    ['CHATLINK_WHATSAPP_ROOT_KEY', 'ab'.repeat(32)],
    ['LOG_LEVEL', 'loud'],
  ])('names %s when it is %j, in one line without the value', (name, value) => {
    const result = parse({ [name]: value })
    if (result.ok) throw new Error('was accepted')
    expect(result.problem).toMatch(new RegExp(`^${name}: (give|use|is only) .{4,}$`))
    if (value.includes('secret') || value.length > 30) expect(result.problem).not.toContain(value)
  })
})
