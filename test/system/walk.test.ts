import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Api } from '../support/api.ts'
import { findContractProblems } from '../support/contract.ts'
import { messageCases } from '../support/message-cases.ts'
import { Program } from '../support/program.ts'
import { Receiver } from '../support/receiver.ts'
import { waitUntil } from '../support/wait.ts'

/** The walk of the README: every part a process of its own, told by environment variables alone. */
const directory = mkdtempSync(join(tmpdir(), 'chatlink-walk-'))
let whatsapp: Program
let chatlink: Program
let simulator: Api
let admin: Api
let receiver: Receiver

beforeAll(async () => {
  const ports = ['--port', '0', '--media-port', '0', '--control-port', '0']
  whatsapp = new Program('test/whatsapp/main.ts', [...ports, '--data', join(directory, 'whatsapp')], {})
  const [, controlUrl] = await whatsapp.waitForLine(/control API +(\S+)/)
  simulator = new Api(controlUrl!, 'none')
  const environment: Record<string, string> = {}
  for (const name of ['CHATLINK_WHATSAPP_URL', 'CHATLINK_WHATSAPP_ROOT_KEY', 'NODE_EXTRA_CA_CERTS']) {
    const [, value] = await whatsapp.waitForLine(new RegExp(`export ${name}=(\\S+)`))
    environment[name] = value!
  }
  chatlink = new Program('worker/host/start.ts', [], {
    ...environment,
    PORT: '0',
    CHATLINK_DATA: join(directory, 'data'),
    CHATLINK_ALLOW_PRIVATE_TARGETS: '1',
  })
  const [, url] = await chatlink.waitForLine(/API +(http:\S+)$/)
  admin = new Api(url!, readFileSync(join(directory, 'data/admin-token'), 'utf8').trim())
  receiver = await Receiver.start()
})

afterAll(async () => {
  await chatlink?.stop()
  await whatsapp?.stop()
  await receiver?.close()
  rmSync(directory, { recursive: true, force: true })
})

it('goes from nothing to webhooks and a reply, by HTTP alone', async () => {
  const { idTenant } = await admin.post<{ idTenant: string }>('/v1/tenants', { name: 'Acme' })
  const { key } = await admin.post<{ key: string }>(`/v1/tenants/${idTenant}/api-keys`, { name: 'First' })
  const api = new Api(admin.url, key)
  const { secret } = await api.post<{ secret: string }>('/v1/subscriptions', { url: receiver.url })
  receiver.trust(secret)
  await api.post('/v1/sessions', { idSession: 'support' })
  await receiver.waitFor((e) => e['action'] === 'newQR', 'the QR')

  const number = '34911000001'
  await simulator.post('/phones', { number, name: 'The Shop' })
  await simulator.post(`/phones/${number}/scan`, await api.get('/v1/sessions/support/qr'))
  await receiver.waitFor((e) => e['action'] === 'connected', 'connected')
  await simulator.post('/contacts', { number: '34600111222', name: 'Ana' })

  for (const { title, content, fields } of messageCases) {
    const { id, timestamp } = await simulator.post<{ id: string; timestamp: number }>('/send', {
      from: '34600111222',
      to: number,
      content,
    })
    const { event, signatureProblem } = await receiver.waitFor((e) => e['idMessage'] === id, title)
    expect(signatureProblem).toBeUndefined()
    const sender = {
      senderNumber: '34600111222@s.whatsapp.net',
      senderName: 'Ana',
      isMessageFromGroup: false,
    }
    expect(
      findContractProblems(event, {
        idSession: 'support',
        messageTimestamp: timestamp,
        ...sender,
        ...fields,
      }),
    ).toEqual([])
  }

  const reply = { to: '34600111222@s.whatsapp.net', messageType: 'conversation', value: 'Good morning' }
  const { idMessage, status } = await api.post<{ idMessage: string; status: string }>(
    '/v1/sessions/support/messages',
    reply,
  )
  expect(status).toBe('sent')
  await waitUntil('Ana’s phone has it', async () => {
    const received = await simulator.get<{ id: string; message: object }[]>('/contacts/34600111222/received')
    return JSON.stringify(received.find(({ id }) => id === idMessage)?.message).includes('Good morning')
  })
  expect(await simulator.get('/unknown-stanzas')).toEqual([])
})

it('shows the QR as text, PNG and SVG, and one that waits for nobody as a problem', async () => {
  const { idTenant } = await admin.post<{ idTenant: string }>('/v1/tenants', { name: 'Drawers' })
  const { key } = await admin.post<{ key: string }>(`/v1/tenants/${idTenant}/api-keys`, {})
  const api = new Api(admin.url, key)
  await api.post('/v1/sessions', { idSession: 'drawn', start: false })
  expect((await api.request('GET', '/v1/sessions/drawn/qr')).status).toBe(409)
  await api.post('/v1/sessions/drawn/start')
  await waitUntil('the QR', async () => (await api.request('GET', '/v1/sessions/drawn/qr')).status === 200)
  const draw = async (accept: string) => {
    const headers = { authorization: `Bearer ${key}`, accept }
    const response = await fetch(`${api.url}/v1/sessions/drawn/qr`, { headers })
    return { type: response.headers.get('content-type'), start: (await response.text()).slice(0, 4) }
  }
  expect(await draw('image/png')).toEqual({ type: 'image/png', start: expect.stringContaining('PNG') })
  expect(await draw('image/svg+xml')).toEqual({
    type: expect.stringContaining('image/svg+xml'),
    start: '<svg',
  })
  await api.delete('/v1/sessions/drawn')
  expect((await api.request('GET', '/v1/sessions/drawn')).status).toBe(404)
})
