import '../whatsapp/quiet.ts'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OutgoingMessage } from '../../schema/outgoing.ts'
import { conversationCases, type ConversationCase } from '../support/conversation-cases.ts'
import { findContractProblems } from '../support/contract.ts'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'

type Name = 'shop' | 'store'
const other = { shop: 'store', store: 'shop' } as const

let stage: Stage
let phones: Record<Name, Phone>
let group: Group

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['*'] })
  phones = { shop: await linkSession(stage, 'shop'), store: await linkSession(stage, 'store') }
  group = stage.whatsapp.createGroup({ subject: 'Branches', members: [phones.shop, phones.store] })
})

afterAll(async () => {
  await stage?.close()
})

async function send(from: Name, message: Record<string, unknown>): Promise<string> {
  const path = `/v1/sessions/${from}/messages?wait=20`
  return (await stage.api.post<{ idMessage: string }>(path, message)).idMessage
}

async function eventAt(name: Name, idMessage: string, what: string) {
  const fits = (e: Record<string, unknown>) =>
    e['idSession'] === name && e['idMessage'] === idMessage && e['messageType'] !== 'messageStatus'
  return (await stage.receiver.waitFor(fits, what)).event
}

async function expectStatus(from: Name, idMessage: string, status: string, to: Group | Phone) {
  const { event } = await stage.receiver.waitFor(
    (e) => e.idSession === from && e['idMessage'] === idMessage && e['status'] === status,
    `${status} of ${idMessage}`,
  )
  if (status === 'sent') return
  const reader = phones[other[from]].pnJid
  expect(event).toMatchObject(
    to === group ? { senderNumber: group.jid, participant: reader } : { senderNumber: reader },
  )
}

async function converse(from: Name, each: ConversationCase, to: Group | Phone): Promise<string> {
  const peer = other[from]
  const uploaded = each.file && (await stage.api.upload('/v1/files', each.file.bytes, each.file.mimetype))
  const address = to === group ? group.jid : phones[peer].pnJid
  const idMessage = await send(from, {
    ...each.message,
    ...(uploaded && { idFile: uploaded.idFile }),
    to: address,
  })
  const event = await eventAt(peer, idMessage, each.title)
  const file = each.file && {
    fileStatus: 'stored',
    fileSize: each.file.bytes.byteLength,
    sha256: createHash('sha256').update(each.file.bytes).digest('hex'),
  }
  const author = phones[from]
  const sender = {
    senderName: author.name,
    senderNumber: to === group ? group.jid : author.pnJid,
    participant: to === group ? author.pnJid : undefined,
    lid: author.lidJid,
    isMessageFromGroup: to === group,
    isFromMe: undefined,
  }
  expect(findContractProblems(event, sender)).toEqual([])
  expect(event).toMatchObject({ ...each.event, ...file })
  if (each.file) {
    expect(event['idFile']).not.toBe(uploaded!.idFile)
    expect((await stage.api.file(String(event['idFile']))).bytes.equals(each.file.bytes)).toBe(true)
  }
  await expectStatus(from, idMessage, 'sent', to)
  await expectStatus(from, idMessage, 'delivered', to)
  return idMessage
}

/** The titles alone: the messages are made when there is something to be about. */
const titles = conversationCases({ ours: '', self: '', theirs: '', peer: '' })

it('says every type that there is', () => {
  const types = OutgoingMessage.options.map((option) => option.shape.messageType.value)
  const said = new Set(titles.map(({ message }) => message.messageType))
  expect([...said, 'forwardedMessage'].toSorted()).toEqual([...new Set<string>(types)].toSorted())
})

describe.each(['direct', 'in a group'] as const)('%s', (where) => {
  const before: Partial<Record<Name, string>> = {}

  beforeAll(async () => {
    for (const from of ['shop', 'store'] as const) {
      const address = where === 'direct' ? phones[other[from]].pnJid : group.jid
      before[from] = await send(from, { messageType: 'conversation', value: 'Open?', to: address })
      await eventAt(other[from], before[from], 'the first text')
    }
  })

  describe.each(['shop', 'store'] as const)('from the %s to the other session', (from) => {
    it.each(titles.map(({ title }, index) => [title, index] as const))('goes %s', async (_, index) => {
      const to = where === 'direct' ? phones[other[from]] : group
      const cases = conversationCases({
        ours: before[from]!,
        self: phones[from].pnJid!,
        theirs: before[other[from]]!,
        peer: phones[other[from]].pnJid!,
      })
      await converse(from, cases[index]!, to)
    })

    it('goes what the other has sent, forwarded', async () => {
      const theirs = await eventAt(from, before[other[from]]!, 'what is forwarded')
      const address = where === 'direct' ? phones[other[from]].pnJid : group.jid
      const idMessage = await send(from, {
        messageType: 'forwardedMessage',
        idEvent: theirs.idEvent,
        to: address,
      })
      const event = await eventAt(other[from], idMessage, 'the forward')
      expect(event).toMatchObject({ messageType: 'conversation', value: 'Open?', isForwarded: true })
    })

    it('is told that the other has read it', async () => {
      const to = where === 'direct' ? phones[other[from]] : group
      const [text] = conversationCases({ ours: '', self: '', theirs: '', peer: phones[other[from]].pnJid! })
      const idMessage = await converse(from, text!, to)
      const { pnJid } = phones[from]
      const chat = where === 'direct' ? { to: pnJid } : { to: group.jid }
      const message = where === 'direct' ? { idMessage } : { idMessage, participant: pnJid }
      await stage.api.post(`/v1/sessions/${other[from]}/read`, { ...chat, messages: [message] })
      await expectStatus(from, idMessage, 'read', to)
    })
  })
})

it('made WhatsApp see nothing strange', () => {
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
