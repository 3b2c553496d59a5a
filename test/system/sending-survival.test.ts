import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'

const path = '/v1/sessions/busy/messages'
const kills = 5
/** To each contact before each kill, which comes when two of five have arrived. */
const textsEach = 20

let stage: Stage
let contacts: Contact[]

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  await linkSession(stage, 'busy')
  await stage.api.request('PATCH', '/v1/sessions/busy', { pacing: { messagesPerMinute: 2400, burst: 20 } })
  contacts = Array.from({ length: 5 }, (_, index) =>
    stage.whatsapp.createContact({ number: `3460011122${index}`, name: `Contact ${index}` }),
  )
})
afterAll(() => stage?.close())

const arrivals = () => contacts.reduce((sum, { received }) => sum + received.length, 0)

/** Sends to one contact, each text when the one before is taken; answers the ids in their order. */
async function sendTexts(contact: Contact): Promise<string[]> {
  const ids: string[] = []
  for (let index = 0; index < textsEach; index++) {
    const body = { to: contact.pnJid, messageType: 'conversation', value: `Text ${index}` }
    const { idMessage } = await stage.api.post<{ idMessage: string }>(`${path}?wait=0`, body)
    ids.push(idMessage)
  }
  return ids
}

async function killConnector(): Promise<void> {
  const { connector } = stage.installation.pids()
  process.kill(connector!, 'SIGKILL')
  await waitUntil(
    'another connector runs',
    async () => ![undefined, connector].includes(stage.installation.pids().connector),
    20_000,
  )
}

it('sends 500 texts once each and in order, or says which failed, though the connector is killed five times', async () => {
  const sent: string[][] = contacts.map(() => [])
  for (let kill = 0; kill < kills; kill++) {
    const sending = Promise.all(contacts.map(sendTexts))
    const count = (kill + 0.4) * contacts.length * textsEach
    await waitUntil(`${count} texts have arrived`, async () => arrivals() >= count, 60_000)
    await killConnector()
    for (const [index, ids] of (await sending).entries()) sent[index]!.push(...ids)
  }
  const statusOf = async (id: string) => (await stage.api.get<{ status: string }>(`${path}/${id}`)).status
  await waitUntil(
    'nothing waits any more',
    async () => (await stage.api.get<{ queuedMessages: number }>('/v1/sessions/busy')).queuedMessages === 0,
    60_000,
  )
  for (const [index, contact] of contacts.entries()) {
    const failed: string[] = []
    for (const id of sent[index]!) if ((await statusOf(id)) === 'failed') failed.push(id)
    const expected = sent[index]!.filter((id) => !failed.includes(id))
    expect(contact.received.map(({ id }) => id)).toEqual(expected)
    expect(contact.undecryptable).toEqual([])
  }
  const { counters } = stage.whatsapp.world
  expect(counters.count).toBeGreaterThan(kills * contacts.length * textsEach)
  expect(counters.reused).toEqual([])
  expect(stage.whatsapp.unknownStanzas).toEqual([])
}, 180_000)
