import { execFileSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { listConnectors, listRunners, spawnConnector } from '../support/connectors.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'

const withinMs = 15_000
const names = Array.from({ length: 6 }, (_, index) => `branch-${index + 1}`)

let stage: Stage
let supervisor: ChildProcess
let ana: Contact
const phones: Phone[] = []

/** `npm run connector -- --processes 3`, beside the one connector of the installation itself. */
async function startSupervisor(): Promise<void> {
  supervisor = spawnConnector(stage, 'many', ['connector/main.ts', '--processes', '3'])
  await waitUntil('all four are there', async () => (await connectors()).length === 4, withinMs)
}

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe()
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await startSupervisor()
  for (const name of names) phones.push(await linkSession(stage, name))
}, 90_000)

afterAll(async () => {
  supervisor?.kill('SIGTERM')
  await stage?.close()
})

const connectors = async () => listConnectors(stage)
const runners = async () => listRunners(stage, names)

const allRun = async () =>
  phones.every(({ isConnected }) => isConnected) && (await runners()).every((runner) => runner !== null)

const children = () =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(supervisor.pid)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)

/** Sends to each account, and expects each session to tell it as one event. */
async function expectEach(text: string): Promise<void> {
  await Promise.all(phones.map(async (phone) => ana.send(phone, { text })))
  const events = () => stage.receiver.events('conversation').filter(({ value }) => value === text)
  const told = () => [...new Map(events().map((event) => [event.idEvent, event.idSession])).values()]
  await waitUntil(`${text} is told`, () => told().length >= names.length, withinMs)
  expect(told().toSorted()).toEqual(names.toSorted())
}

it('starts a process that is killed again, and its sessions run within 15 s', async () => {
  const running = children()
  expect(running).toHaveLength(3)
  const [victim] = running
  process.kill(victim!, 'SIGKILL')
  const killedAt = performance.now()
  await expectEach('while one is away')
  await waitUntil('all sessions run', allRun, withinMs - (performance.now() - killedAt))
  await waitUntil('all processes run', () => children().length === 3, withinMs)
  expect(children()).not.toContain(victim)
  await waitUntil('it is there again', async () => (await connectors()).length === 4, withinMs)
}, 60_000)

it('hands all sessions of all its processes over when it gets SIGTERM', async () => {
  const running = children()
  const exited = once(supervisor, 'exit')
  supervisor.kill('SIGTERM')
  await expectEach('while they go')
  expect(await exited).toEqual([0, null])
  await waitUntil('all sessions run', allRun, withinMs)
  const [last, ...more] = await connectors()
  expect(more).toEqual([])
  expect(await runners()).toEqual(names.map(() => last!.idConnector))
  for (const pid of running) expect(existsSync(`/proc/${pid}`)).toBe(false)
  const qrs = stage.receiver.events('sessionUpdate').filter(({ action }) => action === 'newQR')
  expect(new Set(qrs.map(({ idSession, qr }) => `${idSession} ${String(qr)}`)).size).toBe(names.length)
}, 60_000)

it('leaves no process behind when it is killed itself: they hand over', async () => {
  await startSupervisor()
  const running = children()
  supervisor.kill('SIGKILL')
  await expectEach('while nobody watches')
  await waitUntil('all sessions run', allRun, withinMs)
  await waitUntil('the processes have ended', async () => (await connectors()).length === 1, withinMs)
  for (const pid of running) await waitUntil(`${pid} has ended`, () => !existsSync(`/proc/${pid}`), withinMs)
}, 60_000)
