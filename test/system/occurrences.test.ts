import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findContractProblems } from '../support/contract.ts'
import { linkSession } from '../support/linked-session.ts'
import type { AnyEvent } from '../support/receiver.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { waitUntil } from '../support/wait.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { GroupChange } from '../whatsapp/group-change.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { postStatus } from '../whatsapp/status.ts'

/** What happens besides messages: calls, groups that change, who types, the connection, status and channels. */
const path = '/v1/sessions/support'

let stage: Stage
let phone: Phone
let ana: Contact
let luis: Contact
let group: Group

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  phone = await linkSession(stage, 'support', { includeStatus: true, includeNewsletters: true })
  ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  luis = stage.whatsapp.createContact({ number: '34600333444', name: 'Luis' })
  group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
})

afterAll(async () => {
  await stage?.close()
})

async function expectEvent(fields: Record<string, unknown> & { messageType: string }): Promise<AnyEvent> {
  const names = ['messageType', 'action', 'value', 'idCall', 'presence', 'state', 'idMessage'] as const
  const asked = names.filter((name) => name in fields)
  const fits = (event: AnyEvent) => asked.every((name) => event[name] === fields[name])
  const { event } = await stage.receiver.waitFor(fits, JSON.stringify(fields))
  expect(findContractProblems(event, fields)).toEqual([])
  expect(stage.receiver.events().filter(fits)).toHaveLength(1)
  return event
}

async function whileAway(act: () => void | Promise<void>): Promise<void> {
  await stage.api.post(`${path}/stop`)
  await waitUntil('the session is away', () => !phone.isConnected)
  await act()
  await stage.api.post(`${path}/start`)
}

it('tells of calls, live and as backlog', async () => {
  const call = { messageType: 'callOffer', senderNumber: ana.pnJid, lid: ana.lidJid }
  ana.call(phone, 'LIVE')
  await expectEvent({ ...call, idCall: 'LIVE', isVideo: false })
  await whileAway(() => ana.call(phone, 'MISSED', true))
  await expectEvent({ ...call, idCall: 'MISSED', isVideo: true })
})

it('tells how groups change, live and as backlog', async () => {
  const inGroup = { senderNumber: group.jid, participant: ana.pnJid }
  const participants = [luis.pnJid]
  const changes: [GroupChange, Record<string, unknown> & { messageType: string }][] = [
    [{ subject: 'Family' }, { messageType: 'groupUpdate', action: 'subject', value: 'Family' }],
    [{ announcement: true }, { messageType: 'groupUpdate', action: 'announcement', value: 'on' }],
    [{ ephemeralSeconds: 60 }, { messageType: 'groupUpdate', action: 'ephemeral', value: '60' }],
    [{ add: [luis] }, { messageType: 'groupParticipantsUpdate', action: 'add', participants }],
    [{ promote: [luis] }, { messageType: 'groupParticipantsUpdate', action: 'promote', participants }],
  ]
  for (const [change, fields] of changes) {
    group.change(ana, change)
    await expectEvent({ ...inGroup, ...fields })
  }
  await whileAway(() => {
    group.change(ana, { description: 'Us' })
    group.change(ana, { remove: [luis] })
  })
  await expectEvent({ ...inGroup, messageType: 'groupUpdate', action: 'description', value: 'Us' })
  await expectEvent({ ...inGroup, messageType: 'groupParticipantsUpdate', action: 'remove', participants })
})

it('tells who types, in the chats that were asked for', async () => {
  for (const to of [ana.pnJid, group.jid]) await stage.api.post(`${path}/presence/subscribe`, { to })
  await waitUntil('WhatsApp knows', () => phone.companion!.watched.size >= 2)
  ana.sendPresence(phone, 'composing')
  await expectEvent({ messageType: 'presenceUpdate', presence: 'composing', senderNumber: ana.pnJid })
  ana.sendPresence(phone, 'recording', { group })
  const inGroup = { senderNumber: group.jid, participant: ana.pnJid }
  await expectEvent({ messageType: 'presenceUpdate', presence: 'recording', ...inGroup })
})

it('tells of status posts and channels when the session asks for them', async () => {
  const { id } = await postStatus(ana, { text: 'On holiday' }, phone)
  const { event } = await stage.receiver.waitFor((e) => e['idMessage'] === id, 'the status')
  expect(event).toMatchObject({
    senderNumber: 'status@broadcast',
    participant: ana.pnJid,
    value: 'On holiday',
  })
  const channel = '120363040000000001@newsletter'
  const post = phone.receivePost(channel, { conversation: 'News' })
  const told = await stage.receiver.waitFor((e) => e['idMessage'] === post, 'the post')
  expect(told.event).toMatchObject({ senderNumber: channel, value: 'News' })
})

it('tells how the connection fares', async () => {
  phone.loginFailure = '503'
  phone.dropConnection()
  const { event } = await stage.receiver.waitFor((e) => e['state'] === 'reconnecting', 'the loss')
  expect(findContractProblems(event, { messageType: 'connectionUpdate' })).toEqual([])
  expect(event['reasonText']).toEqual(expect.any(String))
  phone.loginFailure = undefined
  const after = Number(event['sequence'])
  const back = (e: AnyEvent) => e['state'] === 'connected' && Number(e['sequence']) > after
  await stage.receiver.waitFor(back, 'the return', 30_000)
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
