import { beforeEach, expect, it, vi } from 'vitest'
import { PresenceSubscriptions } from '../../connector/presence-subscriptions.ts'
import type { SessionStore } from '../../connector/store.ts'
import { maxPresenceSubscriptions } from '../../schema/api/sign.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { useStage } from './harness.ts'

const stage = useStage()

beforeEach(() => {
  stage.startConnector()
})

let asked = 0

async function subscribe(session: FakeSession, to: string) {
  const idCommand = `ask-${++asked}`
  session.command(idCommand, { kind: 'subscribePresence', to })
  const report = await session.wait((seen) =>
    seen.reportsOf('command').find((one) => one.idCommand === idCommand),
  )
  expect(report.outcome).toBe('done')
}

function presences(session: FakeSession) {
  return session.events.flatMap((event) =>
    event.messageType === 'presenceUpdate'
      ? [[event.senderNumber, event.participant, event.presence, event.lastSeen]]
      : [],
  )
}

it('tells what somebody does whose presence was asked for, and of nobody else', async () => {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva' })
  await ana.send(phone, { text: 'so that her LID is known' })
  await session.wait(({ events }) => events.some(({ messageType }) => messageType === 'conversation'))
  await subscribe(session, ana.pnJid!)
  await vi.waitFor(() => expect(phone.companion!.watches(ana)).toBe(true))
  phone.companion!.watched.add(eva.lidJid)
  eva.sendPresence(phone, 'composing')
  for (const presence of ['available', 'composing', 'recording'] as const) ana.sendPresence(phone, presence)
  ana.sendPresence(phone, 'unavailable', { lastSeen: 1_767_225_600 })
  await session.wait((seen) => presences(seen).length === 4)
  expect(presences(session)).toEqual([
    [ana.pnJid, undefined, 'available', undefined],
    [ana.pnJid, undefined, 'composing', undefined],
    [ana.pnJid, undefined, 'recording', undefined],
    [ana.pnJid, undefined, 'unavailable', 1_767_225_600],
  ])
})

it('tells who of a group types, and asks for it again on the next connection', async () => {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  await subscribe(session, group.jid)
  await vi.waitFor(() => expect(phone.companion!.watched.has(group.jid)).toBe(true))
  phone.dropConnection()
  await session.wait((seen) => seen.reportsOf('connected').length === 2)
  await vi.waitFor(() => expect(phone.companion!.watched.has(group.jid)).toBe(true))
  ana.sendPresence(phone, 'composing', { group })
  await session.wait((seen) => presences(seen).length === 1)
  expect(presences(session)).toEqual([[group.jid, ana.lidJid, 'composing', undefined]])
})

it('forgets the oldest chat beyond the limit', () => {
  const kept = new Map<string, unknown>()
  const store = {
    get: (type: string) => kept.get(type),
    set: (type: string, values: Record<string, unknown>) => kept.set(type, values['']),
    phoneOf: () => undefined,
    lidOf: () => undefined,
  } as unknown as SessionStore
  const presences = new PresenceSubscriptions(store)
  for (let index = 0; index <= maxPresenceSubscriptions; index += 1) presences.add(`${index}@lid`)
  expect(presences.chats).toHaveLength(maxPresenceSubscriptions)
  expect([presences.has('0@lid'), presences.has('1@lid')]).toEqual([false, true])
})
