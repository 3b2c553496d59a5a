import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { pullEvents } from '../support/api.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'

const withinMs = 15_000

let stage: Stage
let phone: Phone
let ana: Contact

beforeAll(async () => {
  stage = await startStage({ environment: { CHATLINK_RETRY_SCHEDULE: '1,1,1,2,2,5,5,5' } })
  await stage.subscribe()
  phone = await linkSession(stage, 'survivor')
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
})

afterAll(async () => {
  await stage?.close()
})

async function expectArrival(value: string, send: () => Promise<{ id: string }>): Promise<void> {
  const { id } = await send()
  const { event, signatureProblem } = await stage.receiver.waitFor(
    (e) => e['idMessage'] === id,
    value,
    withinMs,
  )
  expect(event['value']).toBe(value)
  expect(signatureProblem).toBeUndefined()
}

const isConnected = async () => {
  const { state } = await stage.api.get<{ state: string }>('/v1/sessions/survivor')
  return state === 'connected' && phone.isConnected
}

function expectNoNewQr(): void {
  const qrs = stage.receiver.events('sessionUpdate').filter((event) => event['action'] === 'newQR')
  expect(new Set(qrs.map(({ idEvent }) => idEvent)).size).toBe(1)
}

async function expectWorks(value: string): Promise<void> {
  await expectArrival(value, () => ana.send(phone, { text: value }))
}

it.each(['worker', 'connector'] as const)('goes on after a kill -9 of the %s while idle', async (part) => {
  await expectWorks(`before the ${part} dies`)
  const pid = stage.installation.pids()[part]!
  process.kill(pid, 'SIGKILL')
  const killedAt = Date.now()
  await expectArrival(`while the ${part} is away`, () =>
    ana.send(phone, { text: `while the ${part} is away` }),
  )
  await waitUntil('the session is connected again', isConnected, withinMs - (Date.now() - killedAt))
  expect(stage.installation.pids()[part]).not.toBe(pid)
  await expectWorks(`after the ${part} is back`)
  expectNoNewQr()
})

it('goes on after both were killed at once', async () => {
  const { worker, connector } = stage.installation.pids()
  process.kill(connector!, 'SIGKILL')
  process.kill(worker!, 'SIGKILL')
  await expectArrival('while both are away', () => ana.send(phone, { text: 'while both are away' }))
  await waitUntil('the session is connected again', isConnected, withinMs)
  await expectWorks('after both are back')
  expectNoNewQr()
})

it('has told each message once in its log, in order', async () => {
  const events = await pullEvents(stage.api, 'survivor')
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  expect(events.flatMap((event) => event['value'] ?? [])).toEqual([
    'before the worker dies',
    'while the worker is away',
    'after the worker is back',
    'before the connector dies',
    'while the connector is away',
    'after the connector is back',
    'while both are away',
    'after both are back',
  ])
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
