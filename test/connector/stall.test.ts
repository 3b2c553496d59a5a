import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FakeWorker } from '../support/fake-worker.ts'
import type { Contact } from '../whatsapp/contact.ts'
import { startWhatsApp, type WhatsApp } from '../whatsapp/whatsapp.ts'

const masterKey = randomBytes(32).toString('base64')
const stallSeconds = 2
let worker: FakeWorker
let whatsapp: WhatsApp
let ana: Contact
let directory: string
let output = ''
let running: ChildProcess
/** How each life of the connector has ended. */
let ends: unknown[] = []
let isOver = false

/** A connector that is started again whenever it ends. */
function keepRunning(): void {
  running = spawn(process.execPath, ['--import', './test/support/spin.ts', 'connector/main.ts'], {
    env: {
      PATH: process.env['PATH'],
      CHATLINK_URL: worker.url,
      CHATLINK_CONNECTOR_TOKEN: worker.token,
      CHATLINK_MASTER_KEY: masterKey,
      CHATLINK_WHATSAPP_URL: whatsapp.url,
      CHATLINK_WHATSAPP_ROOT_KEY: whatsapp.rootKey,
      CHATLINK_STALL_SECONDS: String(stallSeconds),
      LOG_LEVEL: 'warn',
    },
  })
  for (const stream of [running.stdout, running.stderr])
    stream?.on('data', (data) => (output += String(data)))
  running.once('exit', (_code, signal) => {
    ends.push(signal)
    if (!isOver) keepRunning()
  })
}

async function link(number: string) {
  const session = worker.createSession(number)
  const phone = whatsapp.createPhone({ number, name: 'The Shop' })
  const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
  await phone.scan(qr)
  await session.wait((seen) => seen.reportsOf('connected')[0])
  return { session, phone }
}

beforeEach(async () => {
  output = ''
  ends = []
  isOver = false
  directory = mkdtempSync(join(tmpdir(), 'stall-'))
  worker = await FakeWorker.start()
  whatsapp = await startWhatsApp()
  ana = whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  keepRunning()
})

afterEach(async () => {
  isOver = true
  running.kill('SIGKILL')
  await once(running, 'exit')
  await whatsapp.close()
  await worker.close()
  rmSync(directory, { recursive: true })
})

it('ends a process whose event loop stands still, says where and for whom, and loses nothing', async () => {
  const [one, two] = [await link('34911000001'), await link('34911000002')]
  const flag = join(directory, 'has-spun')
  const texts = ['before', `spin once unless ${flag}`, 'after']
  for (const text of texts) {
    await ana.send(one.phone, { text })
    await ana.send(two.phone, { text: `${text} too` })
  }
  for (const { session } of [one, two]) await session.wait(({ events }) => events.length === 3, 20_000)
  expect(one.session.events.map(({ value }) => value)).toEqual(texts)
  expect(two.session.events.map(({ value }) => value)).toEqual(texts.map((text) => `${text} too`))
  for (const { session, phone } of [one, two]) {
    expect(session.duplicates).toEqual([])
    await expect.poll(() => phone.pending).toEqual([])
  }
  expect(ends).toEqual(['SIGKILL'])
  const told = output.split('\n').find((line) => line.includes('stands still')) ?? '{}'
  expect(JSON.parse(told)).toMatchObject({
    level: 'fatal',
    idSession: '34911000001',
    stalledMs: stallSeconds * 1000,
    stack: expect.arrayContaining([expect.stringMatching(/^spin \(.*test\/support\/spin\.ts:\d+\)$/)]),
  })
  expect(told).not.toMatch(/before|has-spun/)
}, 60_000)

it('ends a process that hangs in native code, where nobody can look, too', async () => {
  const { session, phone } = await link('34911000001')
  const text = `hang once unless ${join(directory, 'has-hung')}`
  await ana.send(phone, { text })
  await session.wait(({ events }) => events[0], 20_000)
  expect(session.events.map(({ value }) => value)).toEqual([text])
  expect(ends).toEqual(['SIGKILL'])
  expect(output).toMatch(/"stack":\[\],"msg":"this connector stands still/)
}, 60_000)

it('stops a session at its third stall in a row, and runs the others', async () => {
  const [one, two] = [await link('34911000001'), await link('34911000002')]
  const flag = join(directory, 'is-cured')
  const { id } = await ana.send(one.phone, { text: `spin unless ${flag}` })
  const stopped = await one.session.wait((seen) => seen.reportsOf('stopped')[0], 40_000)
  worker.sessions.delete(one.session.ref.idObject)
  expect(stopped).toMatchObject({ reason: 'stalled' })
  await ana.send(two.phone, { text: 'are you there?' })
  await two.session.wait(({ events }) => events[0], 20_000)
  expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL'])
  expect(one.session.events).toEqual([])
  expect(one.phone.pending).toContain(id)

  writeFileSync(flag, '')
  worker.sessions.set(one.session.ref.idObject, one.session)
  worker.run(one.session)
  await one.session.wait(({ events }) => events.some(({ idMessage }) => idMessage === id))
  expect(one.session.reportsOf('qr')).toHaveLength(1)
}, 90_000)

it('lets a process live that was frozen for longer than that', async () => {
  const { session, phone } = await link('34911000001')
  running.kill('SIGSTOP')
  await ana.send(phone, { text: 'meanwhile' })
  await wait((stallSeconds + 2) * 1000)
  running.kill('SIGCONT')
  await session.wait(({ events }) => events[0], 20_000)
  await wait(stallSeconds * 1000)
  expect(ends).toEqual([])
}, 60_000)
