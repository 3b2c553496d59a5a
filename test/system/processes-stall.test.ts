import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pullEvents } from '../support/api.ts'
import { listConnectors, listRunners, spawnConnector } from '../support/connectors.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'

const names = Array.from({ length: 6 }, (_, index) => `branch-${index + 1}`)
const environment = {
  CHATLINK_STALL_SECONDS: '3',
  NODE_OPTIONS: `--import=${pathToFileURL('test/support/spin.ts').href}`,
}

let directory: string
let stage: Stage
let supervisor: ChildProcess
let ana: Contact
const phones: Phone[] = []
/** What the installation's own supervisor says. */
const lines: string[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'spin-'))
  stage = await startStage({ environment, print: (_label, line) => lines.push(line) })
  await stage.subscribe()
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  for (const name of names) phones.push(await linkSession(stage, name))
}, 90_000)

afterAll(async () => {
  supervisor?.kill('SIGTERM')
  await stage?.close()
  rmSync(directory, { recursive: true })
})

const allConnected = async (wanted: readonly string[]) =>
  (await listRunners(stage, wanted)).every((runner) => runner !== null)

/** What a session's log says, without the session's own life. */
async function textsOf(name: string): Promise<unknown[]> {
  const events = await pullEvents(stage.api, name)
  return events.flatMap(({ messageType, value }) => (messageType === 'conversation' ? [value] : []))
}

async function expectTexts(name: string, texts: string[]): Promise<void> {
  await waitUntil(`${name} tells all`, async () => (await textsOf(name)).length >= texts.length, 40_000)
  expect(await textsOf(name)).toEqual(texts)
}

it('is ended and started again by npm start when one of its sessions spins, and loses nothing', async () => {
  const before = stage.installation.pids().connector
  const spin = `spin once unless ${join(directory, 'has-spun')}`
  await ana.send(phones[0]!, { text: spin })
  for (const phone of phones) await ana.send(phone, { text: 'meanwhile' })
  await expectTexts(names[0]!, [spin, 'meanwhile'])
  for (const name of names.slice(1)) await expectTexts(name, ['meanwhile'])
  expect(stage.installation.pids().connector).not.toBe(before)
  expect(lines.some((line) => line.includes('ended (SIGKILL); starting it again'))).toBe(true)
  await waitUntil('all are connected', async () => allConnected(names), 30_000)
}, 90_000)

it('goes round several processes three times at most, then the session is stopped with a reason', async () => {
  supervisor = spawnConnector(stage, 'many', ['connector/main.ts', '--processes', '2'], environment)
  await waitUntil('all three are there', async () => (await listConnectors(stage)).length === 3, 30_000)
  const flag = join(directory, 'is-cured')
  const spin = `spin unless ${flag}`
  await ana.send(phones[0]!, { text: spin })
  type View = { state: string; reason?: string }
  const view = async () => stage.api.get<View>(`/v1/sessions/${names[0]}`)
  await waitUntil('it is stopped', async () => (await view()).state === 'stopped', 60_000)
  expect(await view()).toMatchObject({ reason: 'stalled' })
  for (const phone of phones.slice(1)) await ana.send(phone, { text: 'afterwards' })
  for (const name of names.slice(1)) await expectTexts(name, ['meanwhile', 'afterwards'])
  await waitUntil('the others are connected', async () => allConnected(names.slice(1)), 30_000)
  await waitUntil('all three are there again', async () => (await listConnectors(stage)).length === 3, 30_000)

  writeFileSync(flag, '')
  await stage.api.post(`/v1/sessions/${names[0]}/start`, {})
  await waitUntil('it tells the message', async () => (await textsOf(names[0]!)).includes(spin), 30_000)
  const actions = stage.receiver.events('sessionUpdate').filter(({ idSession }) => idSession === names[0])
  expect(actions.filter(({ action }) => action === 'newQR')).toHaveLength(1)
  expect(actions.filter(({ action }) => action === 'stopped')).toMatchObject([{ reason: 'stalled' }])
}, 180_000)
