import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeWorker } from '../support/fake-worker.ts'
import { startWhatsApp, type WhatsApp } from '../whatsapp/whatsapp.ts'

const masterKey = randomBytes(32).toString('base64')
let worker: FakeWorker
let whatsapp: WhatsApp
let directory: string
let output = ''
const children: ChildProcess[] = []

function startProcess(changes: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ['connector/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      CHATLINK_URL: worker.url,
      CHATLINK_CONNECTOR_TOKEN: worker.token,
      CHATLINK_MASTER_KEY: masterKey,
      CHATLINK_WHATSAPP_URL: whatsapp.url,
      CHATLINK_WHATSAPP_ROOT_KEY: whatsapp.rootKey,
      NODE_EXTRA_CA_CERTS: whatsapp.caFile,
      LOG_LEVEL: 'trace',
      ...changes,
    },
  })
  children.push(child)
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)))
  return child
}

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })

async function link(number = '34911000001') {
  const session = worker.createSession()
  const phone = whatsapp.createPhone({ number, name: 'The Shop' })
  const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
  await phone.scan(qr)
  await session.wait((seen) => seen.reportsOf('connected')[0])
  return { session, phone }
}

beforeEach(async () => {
  output = ''
  directory = mkdtempSync(join(tmpdir(), 'connector-'))
  worker = await FakeWorker.start()
  whatsapp = await startWhatsApp({ dataDirectory: directory })
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await whatsapp.close()
  await worker.close()
  rmSync(directory, { recursive: true })
})

it('ends with one clear line when a variable is wrong', async () => {
  const child = startProcess({ CHATLINK_MASTER_KEY: 'short' })
  expect(await exitOf(child)).toBe(1)
  expect(output).toBe('CHATLINK_MASTER_KEY: give 32 random bytes as base64\n')
})

it('is connected again without a QR after kill -9, with what was sent meanwhile, and loses nothing', async () => {
  const first = startProcess()
  const { session, phone } = await link()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  session.faults.delayMs = 10
  const sending = (async () => {
    for (let index = 0; index < 60; index += 1)
      await ana.send(index % 3 ? phone : group, { text: `${index}` })
  })()
  await session.wait(({ events }) => events.length > 10)
  first.kill('SIGKILL')
  await exitOf(first)
  await sending
  startProcess()
  await session.wait(({ events }) => events.length === 60, 15_000)
  await expect.poll(() => phone.pending, { timeout: 5000 }).toEqual([])
  expect(session.reportsOf('qr')).toHaveLength(1)
  expect(new Set(session.events.map((event) => event['value'])).size).toBe(60)
})

it('brings a file to the Worker as it was sent', async () => {
  startProcess()
  const { session, phone } = await link()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const image = randomBytes(300_000)
  await ana.send(phone, { image, caption: 'look' })
  const event = await session.wait(({ events }) =>
    events.find(({ messageType }) => messageType === 'imageMessage'),
  )
  const file = await session.wait(({ files }) => files.get(String(event['idFile'])))
  expect(file.equals(image)).toBe(true)
})

it('fetches, in its next life, the file that the one before did not', async () => {
  const first = startProcess({ NODE_EXTRA_CA_CERTS: '' })
  const { session, phone } = await link()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const image = randomBytes(50_000)
  await ana.send(phone, { image })
  const event = await session.wait(({ events }) => events[0])
  first.kill('SIGKILL')
  await exitOf(first)
  expect(session.files.size).toBe(0)
  startProcess()
  const file = await session.wait(({ files }) => files.get(String(event['idFile'])))
  expect(file.equals(image)).toBe(true)
})

it('hands over and ends when it is told to stop', async () => {
  const child = startProcess()
  const { session } = await link()
  const exited = exitOf(child)
  child.kill('SIGTERM')
  expect(await exited).toBe(0)
  startProcess()
  await session.wait((seen) => seen.reportsOf('connected')[1])
})

it('changes nothing of an account whose keys were stored with another master key, says so, and goes on', async () => {
  const first = startProcess({ NODE_EXTRA_CA_CERTS: '' })
  const { session, phone } = await link()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const image = randomBytes(50_000)
  await ana.send(phone, { image })
  await session.wait(({ events }) => events[0])
  first.kill('SIGKILL')
  await exitOf(first)
  const [keys, reports] = [new Map(session.keys), [...session.reports]]
  const wrong = startProcess({ CHATLINK_MASTER_KEY: randomBytes(32).toString('base64') })
  await expect.poll(() => output, { timeout: 10_000 }).toContain('CHATLINK_MASTER_KEY is not the one')
  const other = await link('34911000002')
  expect(session.keys).toEqual(keys)
  expect(session.reports).toEqual(reports)
  wrong.kill('SIGKILL')
  worker.sessions.delete(other.session.ref.idObject)
  startProcess()
  const [file] = await session.wait(({ files }) => files.size > 0 && [...files.values()])
  expect(file!.equals(image)).toBe(true)
})

it('ends a session alone that throws, and runs the others', async () => {
  const fault = join(directory, 'fault.mjs')
  const module = pathToFileURL('connector/session-content.ts').href
  writeFileSync(
    fault,
    `import { SessionContent } from ${JSON.stringify(module)}
    const { acked } = SessionContent.prototype
    SessionContent.prototype.acked = function () {
      acked.call(this)
      if (this.store.loadCreds()?.me?.id.startsWith('34911000002')) throw new Error('a fault of the test')
    }`,
  )
  const child = startProcess({ NODE_OPTIONS: `--import=${pathToFileURL(fault).href}` })
  const { session, phone } = await link()
  const failing = worker.createSession()
  const { qr } = await failing.wait((seen) => seen.reportsOf('qr')[0])
  const other = whatsapp.createPhone({ number: '34911000002', name: 'The Other Shop' })
  void other.scan(qr)
  await expect.poll(() => output, { timeout: 10_000 }).toContain('a fault of the test')
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'are you there?' })
  await session.wait(({ events }) => events[0])
  expect(session.reportsOf('connected')).toHaveLength(1)
  expect(child.exitCode).toBeNull()
})

it('writes no key, token or message anywhere, even at the most talkative', async () => {
  startProcess()
  const { session, phone } = await link()
  const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  await ana.send(group, { text: 'a secret text' })
  await ana.send(phone, { text: 'a secret text' })
  await session.wait(({ events }) => events.length === 2)
  phone.dropConnection()
  await session.wait((seen) => seen.reportsOf('connected')[1])
  expect(output).toContain('"msg":"session"')
  expect(output).not.toMatch(/privKey|rootKey|private|mediaKey|a secret text/)
  expect(output).not.toContain(worker.token)
  expect(output).not.toContain(masterKey)
  for (const line of output.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
})
