import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probePort } from '../../worker/host/port.ts'
import { Api } from '../support/api.ts'
import { Program } from '../support/program.ts'
import { Receiver } from '../support/receiver.ts'
import { waitUntil } from '../support/wait.ts'
import { startWhatsApp } from '../whatsapp/whatsapp.ts'

const secretsInLogs = /privKey|rootKey|noiseKey|signedIdentityKey|advSecret|ck_[A-Za-z0-9]{10}|whsec_/

let directory: string
let programs: Program[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chatlink-start-'))
  programs = []
})

afterEach(async () => {
  for (const program of programs) {
    program.signal('SIGINT')
    await program.exited
  }
  rmSync(directory, { recursive: true, force: true })
})

function start(environment: Record<string, string> = {}, file = 'worker/host/start.ts'): Program {
  const program = new Program(file, [], { PORT: '0', CHATLINK_DATA: join(directory, 'data'), ...environment })
  programs.push(program)
  return program
}

const read = (name: string) => readFileSync(join(directory, 'data', name), 'utf8').trim()

async function started(program: Program): Promise<Api> {
  const [, url] = await program.waitForLine(/API +(http:\S+)$/)
  return new Api(url!, read('api-key'))
}

describe('npm start', () => {
  it('makes its secrets at first, and tells an API key that works', async () => {
    const program = start()
    const api = await started(program)
    expect(await api.get('/v1/sessions')).toMatchObject({ sessions: [] })
    await program.waitForLine(new RegExp(`API key +${read('api-key')}`))
    for (const name of ['admin-token', 'connector-token', 'master-key', 'api-key']) {
      expect(statSync(join(directory, 'data', name)).mode & 0o777).toBe(0o600)
    }
    for (const name of ['admin-token', 'connector-token', 'master-key']) {
      expect(program.output).not.toContain(read(name))
      expect(readFileSync(join(directory, 'data/run/workerd.capnp'), 'utf8')).not.toContain(read(name))
    }
    expect(await program.stop()).toBe(0)
  })

  it('refuses a second start on the same data, and a taken port, in one line each', async () => {
    const program = start()
    await started(program)
    const second = start()
    expect(await second.exited).toBe(1)
    expect(second.lines.at(-1)).toMatch(/^CHATLINK_DATA: .* is in use by another start/)
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const port = String((server.address() as AddressInfo).port)
    const third = start({ PORT: port, CHATLINK_DATA: join(directory, 'other') })
    expect(await third.exited).toBe(1)
    expect(third.lines.at(-1)).toMatch(new RegExp(`^PORT: ${port} is in use`))
    server.close()
  })

  it.each([
    ['worker/host/start.ts', 'PORT', 'eighty'],
    ['worker/host/start.ts', 'CHATLINK_MASTER_KEY', 'dG9vIHNob3J0'],
    ['worker/host/start.ts', 'CHATLINK_WHATSAPP_URL', 'ws://203.0.113.9/ws/chat'],
    ['connector/main.ts', 'CHATLINK_MASTER_KEY', 'dG9vIHNob3J0'],
    ['connector/main.ts', 'CHATLINK_WHATSAPP_URL', 'ws://203.0.113.9/ws/chat'],
  ])('%s answers a wrong %s with one line and exit code 1', async (file, name, value) => {
    const required = {
      CHATLINK_CONNECTOR_TOKEN: 'a-token-of-enough-length',
      CHATLINK_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
    }
    const program = start({ ...required, [name]: value }, file)
    expect(await program.exited).toBe(1)
    expect(program.lines).toHaveLength(1)
    expect(program.lines[0]).toMatch(new RegExp(`^${name}: `))
    expect(existsSync(join(directory, 'data'))).toBe(false)
  })

  it('ends what a killed start has left behind', async () => {
    const port = String(await probePort('127.0.0.1', 0))
    const killed = start({ PORT: port })
    await started(killed)
    killed.signal('SIGKILL')
    await killed.exited
    const next = start({ PORT: port })
    const api = await started(next)
    await next.waitForLine(/ended 2 processes/)
    expect(await api.get('/v1/sessions')).toMatchObject({ sessions: [] })
  })
})

it('connects again without a QR after Ctrl-C, and brings what came meanwhile; its log tells no secret', async () => {
  const whatsapp = await startWhatsApp({ dataDirectory: join(directory, 'whatsapp') })
  const receiver = await Receiver.start()
  const environment = {
    PORT: String(await probePort('127.0.0.1', 0)),
    CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
    CHATLINK_WHATSAPP_URL: whatsapp.url,
    CHATLINK_WHATSAPP_ROOT_KEY: whatsapp.rootKey,
    NODE_EXTRA_CA_CERTS: whatsapp.caFile!,
    LOG_LEVEL: 'debug',
  }
  try {
    const phone = whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
    const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const first = start(environment)
    const api = await started(first)
    const { secret } = await api.post<{ secret: string }>('/v1/subscriptions', { url: receiver.url })
    receiver.trust(secret)
    await api.post('/v1/sessions', { idSession: 'again' })
    const newQr = await receiver.waitFor((e) => e['action'] === 'newQR', 'newQR')
    await phone.scan(newQr.event['qr'] as string)
    await receiver.waitFor((e) => e['action'] === 'connected', 'connected')
    await phone.waitUntilConnected()
    const before = await ana.send(phone, { text: 'before' })
    await receiver.waitFor((e) => e['idMessage'] === before.id, 'the message before')
    expect(await first.stop()).toBe(0)
    await waitUntil('the phone sees the client leave', () => !phone.isConnected)

    const meanwhile = await ana.send(phone, { text: 'meanwhile' })
    const second = start(environment)
    const again = await started(second)
    await receiver.waitFor((e) => e['idMessage'] === meanwhile.id, 'the message sent meanwhile')
    await waitUntil('the session is connected', async () => {
      const { state } = await again.get<{ state: string }>('/v1/sessions/again')
      return state === 'connected'
    })
    const qrs = receiver.events('sessionUpdate').filter((event) => event['action'] === 'newQR')
    expect(new Set(qrs.map(({ idEvent }) => idEvent)).size).toBe(1)
    expect(await second.stop()).toBe(0)

    const output = first.output.replace(/^ +API key .*$/m, '') + second.output
    expect(output).not.toMatch(secretsInLogs)
    for (const name of ['admin-token', 'connector-token', 'master-key', 'api-key']) {
      expect(output).not.toContain(read(name))
    }
    expect(output).not.toContain(newQr.event['qr'])
    expect(whatsapp.unknownStanzas).toEqual([])
  } finally {
    await receiver.close()
    await whatsapp.close()
  }
})
