import { expect, it, vi } from 'vitest'
import { useStage } from './harness.ts'
import type { Phone } from '../whatsapp/phone.ts'

const stage = useStage()

const values = (events: Record<string, unknown>[]) => events.map((event) => event['value'])

/** Puts what WhatsApp still holds for the account into another order. */
function rearrange(phone: Phone, order: number[]): void {
  const { outbox } = phone.companion!
  const held = [...outbox]
  outbox.clear()
  for (const index of order) outbox.set(...held[index]!)
}

async function setUpAway() {
  const connector = stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await phone.waitUntilConnected()
  await expect.poll(() => phone.pending).toEqual([])
  await connector.stop()
  await expect.poll(() => phone.isConnected).toBe(false)
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  return { session, phone, ana }
}

it('reads group messages that come as 1, 3, 2', async () => {
  const { session, phone, ana } = await setUpAway()
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  for (const text of ['1', '2', '3']) await ana.send(group, { text })
  rearrange(phone, [0, 2, 1])
  const retry = vi.spyOn(phone.companion!, 'retry')
  stage.startConnector()
  await session.wait(({ events }) => events.length === 3)
  expect(values(session.events)).toEqual(['1', '3', '2'])
  await expect.poll(() => phone.pending).toEqual([])
  expect(retry).not.toHaveBeenCalled()
})

it('reads direct messages that come as 1, 3, 2', async () => {
  const { session, phone, ana } = await setUpAway()
  for (const text of ['1', '2', '3']) await ana.send(phone, { text })
  rearrange(phone, [0, 2, 1])
  stage.startConnector()
  await session.wait(({ events }) => events.length === 3)
  expect(values(session.events)).toEqual(['1', '3', '2'])
})

it('keeps a chat’s order when live messages come while the backlog is being read', async () => {
  const { session, phone, ana } = await setUpAway()
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana] })
  const expected: string[] = []
  for (let index = 0; index < 150; index += 1) {
    expected.push(`${index}`)
    await ana.send(index % 2 ? group : phone, { text: `${index}` })
  }
  stage.startConnector()
  await phone.waitUntilConnected()
  for (let index = 150; index < 200; index += 1) {
    expected.push(`${index}`)
    await ana.send(index % 2 ? group : phone, { text: `${index}` })
  }
  await session.wait(({ events }) => events.length === 200)
  expect(values(session.events)).toEqual(expected)
})

it('keeps a group’s order when the author of an earlier message has to be looked up first', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await phone.waitUntilConnected()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const strangers = ['1', '2', '3', '4', '5'].map((digit) =>
    stage.whatsapp.createContact({ number: `3460011133${digit}`, name: `Stranger ${digit}` }),
  )
  const group = stage.whatsapp.createGroup({
    subject: 'Friends',
    members: [phone, ana, ...strangers],
    addressing: 'pn',
  })
  await ana.send(group, { text: 'hello' })
  await session.wait(({ events }) => events.length === 1)
  const expected = ['hello']
  for (const stranger of strangers) {
    await stranger.send(group, { text: `${stranger.name} asks` }, { withoutAlternate: true })
    await ana.send(group, { text: `Ana answers ${stranger.name}` })
    expected.push(`${stranger.name} asks`, `Ana answers ${stranger.name}`)
  }
  await session.wait(({ events }) => events.length === expected.length)
  expect(values(session.events)).toEqual(expected)
})

it('tells once what WhatsApp delivers again', async () => {
  const { session, phone, ana } = await setUpAway()
  const connector = stage.startConnector({ maxHoldMs: 200 })
  await phone.waitUntilConnected()
  session.faults.delayMs = 150
  for (let index = 0; index < 20; index += 1) {
    await ana.send(phone, { text: `${index}` })
    if (index % 5 === 4) phone.dropConnection()
  }
  await session.wait(({ events }) => events.length === 20)
  await expect.poll(() => phone.pending, { timeout: 10_000 }).toEqual([])
  expect(session.duplicates).toEqual([])
  expect(connector.fleet.running).toHaveLength(1)
})
