import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../connector/config.ts'

const environment = {
  CHATLINK_CONNECTOR_TOKEN: 'secret-token',
  CHATLINK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
}

describe('the environment of a connector', () => {
  it('is complete with a token and a master key', () => {
    const result = parseConfig(environment)
    expect(result).toMatchObject({
      ok: true,
      config: { workerUrl: 'http://127.0.0.1:8787', maxHoldMs: 10_000, capacity: 100, logLevel: 'info' },
    })
  })

  it('names another process each time, unless it is told a name', () => {
    const [first, second] = [parseConfig(environment), parseConfig(environment)]
    expect(first.ok && first.config.idConnector).not.toBe(second.ok && second.config.idConnector)
    expect(parseConfig({ ...environment, CHATLINK_CONNECTOR_ID: 'one' })).toMatchObject({
      config: { idConnector: 'one' },
    })
  })

  it.each([
    ['CHATLINK_CONNECTOR_TOKEN', ''],
    ['CHATLINK_MASTER_KEY', 'dG9vIHNob3J0'],
    ['CHATLINK_URL', 'ftp://example.com'],
    ['CHATLINK_NEW_MASTER_KEY', 'yes'],
    ['CHATLINK_CAPACITY', 'many'],
    ['CHATLINK_HOLD_SECONDS', '60'],
    ['CHATLINK_PROCESS_BYTES', '1000'],
    ['CHATLINK_STALL_SECONDS', '1'],
    ['CHATLINK_WHATSAPP_URL', 'wss://web.whatsapp.com/ws/chat'],
    ['CHATLINK_WHATSAPP_URL', 'ws://127.0.0.1.example.com/ws/chat'],
    ['CHATLINK_WHATSAPP_ROOT_KEY', 'ab'.repeat(32)],
    ['LOG_LEVEL', 'loud'],
  ])('is refused with one line that names %s when it is %j', (name, value) => {
    const result = parseConfig({ ...environment, [name]: value })
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.problem).toMatch(new RegExp(`^${name}: .+`))
    expect(result.problem).not.toContain('\n')
    expect(result.problem).not.toContain('secret-token')
  })

  it('takes a simulated WhatsApp with its root key, on the loopback interface', () => {
    const result = parseConfig({
      ...environment,
      CHATLINK_WHATSAPP_URL: 'ws://127.0.0.1:4000/ws/chat',
      CHATLINK_WHATSAPP_ROOT_KEY: 'ab'.repeat(32),
    })
    expect(result).toMatchObject({ config: { whatsApp: { rootKey: Buffer.alloc(32, 0xab) } } })
  })
})
