import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probePort } from '../../worker/host/port.ts'
import { Proxy } from '../chaos/proxy.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { pullEvents } from '../support/api.ts'
import { listRunners, spawnConnector } from '../support/connectors.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'

const withinMs = 15_000

let stage: Stage
let proxy: Proxy
let phone: Phone
let ana: Contact

beforeAll(async () => {
  const port = await probePort('127.0.0.1', 0)
  proxy = await Proxy.start(port)
  stage = await startStage({ port, environment: { CHATLINK_URL: proxy.url } })
  await stage.subscribe()
  phone = await linkSession(stage, 'claimed')
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
}, 60_000)

afterAll(async () => {
  proxy?.close()
  await stage?.close()
})

async function runner(): Promise<string | null> {
  const [idConnector = null] = await listRunners(stage, ['claimed'])
  return phone.isConnected ? idConnector : null
}

async function expectArrival(text: string): Promise<void> {
  const { id } = await ana.send(phone, { text })
  await stage.receiver.waitFor((event) => event['idMessage'] === id, text, withinMs)
}

it('is run by one connector at a time when a second takes it, and by the first again when that is gone', async () => {
  const [idObject] = proxy.sessionObjects
  const own = await runner()
  const second = spawnConnector(stage, 'claimer', ['test/chaos/claim.ts', idObject!, '6000'])
  const exited = once(second, 'exit')
  await expectArrival('before anybody notices')
  await waitUntil('the second runs it', async () => (await runner()) === 'claimer', withinMs)
  await expectArrival('by the second')
  expect(await exited).toEqual([1, null])
  await expectArrival('while nobody runs it')
  await waitUntil('the first runs it', async () => (await runner()) === own, withinMs)
  await expectArrival('by the first')
  const events = await pullEvents(stage.api, 'claimed')
  expect(events.flatMap(({ value }) => value ?? [])).toEqual([
    'before anybody notices',
    'by the second',
    'while nobody runs it',
    'by the first',
  ])
  const actions = events.flatMap(({ action }) => action ?? [])
  expect(actions.filter((action) => action === 'newQR')).toHaveLength(1)
  expect(actions).not.toContain('stopped')
}, 60_000)
