import { beforeEach, expect, it } from 'vitest'
import { maxPolls, Polls } from '../../connector/polls.ts'
import type { SessionStore } from '../../connector/store.ts'
import type { FakeSession } from '../support/fake-session.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { SendOptions } from '../whatsapp/person.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { encodeVote, type VotedPoll } from '../whatsapp/poll-vote.ts'
import { useStage } from './harness.ts'

const stage = useStage()
const poll = { question: 'When?', options: ['Monday', 'Tuesday', 'Friday'], selectable: 0 }

beforeEach(() => {
  stage.startConnector()
})

async function setUp() {
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const eva = stage.whatsapp.createContact({ number: '34600333444', name: 'Eva', hidesNumber: true })
  const groupOf = (addressing: 'lid' | 'pn') =>
    stage.whatsapp.createGroup({ subject: 'Friends', members: [phone, ana, eva], addressing })
  return { session, phone, ana, eva, groupOf }
}

const told = (session: FakeSession, idMessage: string) =>
  session.wait(({ events }) => events.find((event) => event['idMessage'] === idMessage))

interface Voting {
  session: FakeSession
  voter: Contact
  to: Phone | Group
  by?: 'lid' | 'pn'
}

async function vote(
  { session, voter, to, by = 'lid' }: Voting,
  asked: Omit<VotedPoll, 'voterJid'>,
  answers: string[],
) {
  const voterJid = by === 'pn' ? voter.pnJid! : voter.lidJid
  const options: SendOptions = 'members' in to ? {} : { addressing: by }
  const sent = await voter.send(to, { raw: encodeVote({ ...asked, voterJid }, answers) }, options)
  return told(session, sent.id)
}

it.each(['lid', 'pn'] as const)('reads votes in a poll of a group addressed by %s', async (by) => {
  const { session, phone, ana, eva, groupOf } = await setUp()
  const group = groupOf(by)
  const { id, message } = await ana.send(group, { poll })
  await told(session, id)
  const creatorJid = by === 'pn' ? ana.pnJid! : ana.lidJid
  const key = { id, remoteJid: group.jid, participant: creatorJid, fromMe: false }
  const asked = { id, message, creatorJid, key }
  const event = await vote({ session, voter: eva, to: group, by }, asked, ['Monday', 'Friday'])
  expect(event).toMatchObject({
    messageType: 'pollUpdateMessage',
    senderNumber: group.jid,
    targetMessage: { idMessage: id, participant: ana.pnJid },
    selectedOptions: ['Monday', 'Friday'],
  })
  const again = await vote({ session, voter: eva, to: group, by }, asked, [])
  expect(again['selectedOptions']).toEqual([])
  expect(phone.isConnected).toBe(true)
})

it.each(['lid', 'pn'] as const)('reads votes in its own poll, from a voter addressed by %s', async (by) => {
  const { session, phone, ana, groupOf } = await setUp()
  const group = groupOf(by)
  for (const [index, to] of [ana.pnJid!, group.jid].entries()) {
    const idMessage = `3EB0AAAA${index}`
    const fields = { value: 'When?', options: poll.options, selectableCount: 1 }
    session.command(`c${index}`, {
      kind: 'sendMessage',
      idMessage,
      message: { to, messageType: 'pollCreationMessage', ...fields },
    })
    const { message } = await ana.waitForMessage(({ id }) => id === idMessage)
    await told(session, idMessage)
    const creatorJid = by === 'pn' ? phone.pnJid! : phone.lidJid
    const key = { id: idMessage, remoteJid: to === group.jid ? to : creatorJid, fromMe: false }
    const asked = { id: idMessage, message, creatorJid, key }
    const place = { session, voter: ana, to: to === group.jid ? group : phone, by }
    expect(await vote(place, asked, ['Tuesday'])).toMatchObject({
      targetMessage: { idMessage },
      selectedOptions: ['Tuesday'],
    })
  }
})

it('reads votes of the account’s phone in a contact’s poll, and of a contact in a poll of the phone', async () => {
  const { session, phone, ana } = await setUp()
  const theirs = await ana.send(phone, { poll })
  await told(session, theirs.id)
  const key = { id: theirs.id, remoteJid: ana.lidJid, fromMe: false }
  const own = encodeVote({ ...theirs, creatorJid: ana.lidJid, voterJid: phone.lidJid, key }, ['Friday'])
  const { id } = await phone.sendFromPhone(ana, { raw: own })
  expect(await told(session, id)).toMatchObject({ isFromMe: true, selectedOptions: ['Friday'] })
  const ours = await phone.sendFromPhone(ana, { poll })
  await told(session, ours.id)
  const asked = {
    ...ours,
    creatorJid: phone.lidJid,
    key: { id: ours.id, remoteJid: phone.lidJid, fromMe: false },
  }
  const event = await vote({ session, voter: ana, to: phone }, asked, ['Monday'])
  expect(event['selectedOptions']).toEqual(['Monday'])
})

it('reads votes in a poll that a connector before it saw', async () => {
  const { session, phone, ana } = await setUp()
  const { id, message } = await ana.send(phone, { poll })
  await told(session, id)
  stage.startConnector()
  await session.wait((seen) => seen.reportsOf('connected').length > 1)
  const asked = { id, message, creatorJid: ana.lidJid, key: { id, remoteJid: ana.lidJid, fromMe: true } }
  const event = await vote({ session, voter: ana, to: phone }, asked, ['Monday'])
  expect(event['selectedOptions']).toEqual(['Monday'])
})

it('tells a vote without the answers when the poll is unknown, or the vote is in another’s name', async () => {
  const { session, phone, ana, eva } = await setUp()
  const { id, message } = await ana.send(phone, { poll })
  await told(session, id)
  const key = { id, remoteJid: ana.lidJid, fromMe: true }
  const forged = encodeVote({ id, message, creatorJid: ana.lidJid, voterJid: ana.lidJid, key }, ['Monday'])
  const sent = await eva.send(phone, { raw: forged })
  expect(await told(session, sent.id)).not.toHaveProperty('selectedOptions')
  const asked = { id: '3EB0FFFF', message, creatorJid: ana.lidJid, key: { ...key, id: '3EB0FFFF' } }
  const event = await vote({ session, voter: ana, to: phone }, asked, ['Monday'])
  expect(event).toMatchObject({ targetMessage: { idMessage: '3EB0FFFF' } })
  expect(event).not.toHaveProperty('selectedOptions')
})

it('forgets the oldest poll beyond the limit', () => {
  const kept = new Map<string, unknown>()
  const store = {
    idsOf: () => [...kept.keys()],
    get: (_type: string, id: string) => kept.get(id),
    set: (_type: string, values: Record<string, unknown>) => {
      for (const [id, value] of Object.entries(values)) {
        if (value === null) kept.delete(id)
        else kept.set(id, value)
      }
    },
  } as unknown as SessionStore
  const polls = new Polls(store)
  const message = { messageContextInfo: { messageSecret: new Uint8Array(32) } }
  for (let index = 0; index <= maxPolls; index += 1) polls.keep(`${index}`, message, ['a'], ['1@lid'])
  polls.keep('without secret', {}, ['a'], ['1@lid'])
  expect(kept.size).toBe(maxPolls)
  expect(kept.has('0')).toBe(false)
})
