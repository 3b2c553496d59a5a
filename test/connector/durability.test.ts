import { expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'
import { Link } from '../../connector/link.ts'
import type { FakeSession } from '../support/fake-session.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'

const stage = useStage()

const hasMessage = (session: FakeSession, id: string) =>
  session.events.some((event) => event['idMessage'] === id)

/** Ids of the messages whose receipt WhatsApp saw before the Session had them. */
function watchReceipts(phone: Phone, session: FakeSession, sent: Set<string>): string[] {
  const early: string[] = []
  phone.onReceipt(({ id }) => {
    if (sent.has(id) && !hasMessage(session, id)) early.push(id)
  })
  return early
}

async function sendMany(from: Contact[], to: Phone | Group, count: number, sent: Set<string>): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const id = `MESSAGE${index}`
    sent.add(id)
    await from[index % from.length]!.send(to, { text: `${index}` }, { id })
  }
}

const makeContacts = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    stage.whatsapp.createContact({ number: `3460000${1000 + index}`, name: `Contact ${index}` }),
  )

it('gives no receipt before the message is stored, over a slow link that is cut', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.faults.delayMs = 15
  const sent = new Set<string>()
  const early = watchReceipts(phone, session, sent)
  const sending = sendMany(makeContacts(5), phone, 150, sent)
  for (const cut of ['before', 'after', 'before'] as const) {
    await session.wait(({ commits }) => commits > 0)
    session.faults.cutNext = cut
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  await sending
  await expect.poll(() => phone.pending, { timeout: 15_000 }).toEqual([])
  expect(early).toEqual([])
  expect([...sent].filter((id) => !hasMessage(session, id))).toEqual([])
  expect(session.duplicates).toEqual([])
})

it('gives no receipt before a group message is stored', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.faults.delayMs = 15
  const sent = new Set<string>()
  const early = watchReceipts(phone, session, sent)
  const contacts = makeContacts(3)
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ...contacts] })
  await sendMany(contacts, group, 60, sent)
  await expect.poll(() => phone.pending, { timeout: 15_000 }).toEqual([])
  expect(early).toEqual([])
  expect(session.events.map((event) => event['value'])).toHaveLength(60)
})

it('would give receipts too early if bytes were not held', async () => {
  vi.spyOn(Link.prototype, 'ackedChange', 'get').mockReturnValue(Number.POSITIVE_INFINITY)
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  session.faults.delayMs = 15
  const sent = new Set<string>()
  const early = watchReceipts(phone, session, sent)
  await sendMany(makeContacts(5), phone, 50, sent)
  await expect.poll(() => phone.pending).toEqual([])
  expect(early.length).toBeGreaterThan(0)
  vi.restoreAllMocks()
})

it('leaves WhatsApp when the Session does not acknowledge, and takes what came meanwhile afterwards', async () => {
  stage.startConnector({ maxHoldMs: 300 })
  const { session, phone } = await stage.linkSession()
  await expect.poll(() => phone.pending).toEqual([])
  const [ana] = makeContacts(1)
  session.faults.isFrozen = true
  await ana!.send(phone, { text: 'held' })
  await expect.poll(() => phone.isConnected, { timeout: 3000 }).toBe(false)
  expect(phone.pending).toHaveLength(1)
  await ana!.send(phone, { text: 'meanwhile' })
  session.thaw()
  await phone.waitUntilConnected()
  await session.wait(({ events }) => events.length === 2)
  await expect.poll(() => phone.pending).toEqual([])
  expect(session.events.map((event) => event['value'])).toEqual(['held', 'meanwhile'])
  expect(session.duplicates).toEqual([])
})

it('is disturbed by no session that waits for its Session, not even in the same contact', async () => {
  const before = stage.startConnector()
  const [one, two] = [await stage.linkSession('34911000001'), await stage.linkSession('34911000002')]
  await before.stop()
  stage.startConnector()
  for (const { session } of [one, two]) await session.wait((seen) => seen.reportsOf('connected')[1])
  const [ana] = makeContacts(1)
  one.session.faults.isFrozen = true
  for (let index = 0; index < 5; index += 1) {
    await ana!.send(one.phone, { text: `${index}` })
    await ana!.send(two.phone, { text: `${index}` })
  }
  await two.session.wait(({ events }) => events.length === 5)
  expect(one.session.events).toEqual([])
  one.session.thaw()
  await one.session.wait(({ events }) => events.length === 5)
})
