import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { listConnectors, listRunners, spawnConnector } from '../support/connectors.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'

const withinMs = 15_000
const names = Array.from({ length: 50 }, (_, index) => `shop-${index + 1}`)

let stage: Stage
let ana: Contact
const phones = new Map<string, Phone>()

beforeAll(async () => {
  stage = await startStage({ environment: { CHATLINK_CONNECTORS: '2' } })
  await stage.subscribe()
  await waitUntil('both connectors are there', async () => (await connectors()).length === 2, withinMs)
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const waiting = [...names]
  const linkNext = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      phones.set(name, await linkSession(stage, name))
    }
  }
  await Promise.all([linkNext(), linkNext(), linkNext(), linkNext(), linkNext(), linkNext()])
}, 90_000)

afterAll(async () => {
  await stage?.close()
})

const byText = (left: unknown, right: unknown) => String(left).localeCompare(String(right))

const connectors = async () => listConnectors(stage)
const runners = async () => listRunners(stage, names)

const areAllConnected = async (but?: string) =>
  [...phones.values()].every(({ isConnected }) => isConnected) &&
  (await runners()).every((runner) => runner !== null && runner !== but)

async function sendToEach(text: string): Promise<void> {
  await Promise.all([...phones].map(async ([name, phone]) => ana.send(phone, { text: `${text} ${name}` })))
}

/** Each session has told its message once, as one event. */
async function expectEach(text: string): Promise<void> {
  const values = () => [
    ...new Map(
      stage.receiver.events('conversation').map((event) => [event.idEvent, event['value']]),
    ).values(),
  ]
  const wanted = names.map((name) => `${text} ${name}`).toSorted(byText)
  const told = () => values().filter((value) => String(value).startsWith(text))
  await waitUntil(`what was sent ${text} is told`, () => told().length >= wanted.length, withinMs)
  expect(told().toSorted(byText)).toEqual(wanted)
}

function expectNoNewQr(): void {
  const qrs = stage.receiver.events('sessionUpdate').filter(({ action }) => action === 'newQR')
  const bySession = new Set(qrs.map(({ idSession, qr }) => `${idSession} ${String(qr)}`))
  expect(bySession.size).toBe(names.length)
}

it('runs the sessions of a killed connector elsewhere within 15 s, without a QR, and loses nothing', async () => {
  const [first, second] = await connectors()
  expect(first!.sessions + second!.sessions).toBe(names.length)
  const before = await runners()
  const [, pid] = stage.installation.pids().connectors
  const counted = new Map<string, number>()
  for (const runner of before) counted.set(runner!, (counted.get(runner!) ?? 0) + 1)
  expect([...counted.values()]).toEqual([25, 25])
  process.kill(pid!, 'SIGKILL')
  const killedAt = performance.now()
  await sendToEach('while it is away')
  const gone = async () => {
    const online = new Set((await connectors()).map(({ idConnector }) => idConnector))
    return [...counted.keys()].find((name) => !online.has(name))
  }
  await waitUntil('the Fleet has noticed', async () => (await gone()) !== undefined, withinMs)
  const lost = await gone()
  await waitUntil(
    'all run elsewhere',
    async () => areAllConnected(lost),
    withinMs - (performance.now() - killedAt),
  )
  const tookMs = Math.round(performance.now() - killedAt)
  console.log(`all ${names.length} sessions connected ${tookMs} ms after the kill`)
  await expectEach('while it is away')
  expectNoNewQr()
}, 40_000)

it('hands the sessions of a connector that gets SIGTERM over, losing and repeating nothing', async () => {
  const own = spawnConnector(stage, 'extra', ['connector/main.ts', '--processes', '2'])
  try {
    const shares = async () => (await connectors()).map(({ sessions }) => sessions)
    const isEven = async () =>
      (await connectors()).length === 4 && (await shares()).every((count) => count >= 12 && count <= 13)
    await waitUntil('all four have their share', isEven, withinMs)
    await waitUntil('all are connected', areAllConnected, withinMs)
    expect((await connectors()).map(({ idConnector }) => idConnector)).toEqual(
      expect.arrayContaining(['extra-1', 'extra-2']),
    )
    const exited = once(own, 'exit')
    own.kill('SIGTERM')
    const rounds = [1, 2, 3, 4, 5, 6]
    for (const round of rounds) await sendToEach(`while they go ${round}`)
    expect(await exited).toEqual([0, null])
    await waitUntil('all run elsewhere', areAllConnected, withinMs)
    expect((await runners()).filter((runner) => runner!.startsWith('extra'))).toEqual([])
    const told = (name: string) =>
      stage.receiver
        .events('conversation')
        .filter(({ idSession, value }) => idSession === name && String(value).startsWith('while they go'))
        .map(({ value }) => value)
    await waitUntil('all is told', () => names.every((name) => told(name).length >= rounds.length), withinMs)
    for (const name of names)
      expect(told(name)).toEqual(rounds.map((round) => `while they go ${round} ${name}`))
    expectNoNewQr()
  } finally {
    own.kill('SIGTERM')
  }
}, 60_000)
