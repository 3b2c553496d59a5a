import '../whatsapp/quiet.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { linkSession } from '../support/linked-session.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { encodeVote } from '../whatsapp/poll-vote.ts'

let stage: Stage

beforeAll(async () => {
  stage = await startStage()
  await stage.subscribe({ events: ['sessionUpdate', 'pollUpdateMessage', 'pollCreationMessage'] })
})

afterAll(async () => {
  await stage?.close()
})

it('tells who voted for what in a poll that was sent through the API, and in one that came', async () => {
  const phone = await linkSession(stage, 'support')
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = stage.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone] })
  const options = ['Monday', 'Tuesday', 'Friday']
  const { idMessage } = await stage.api.post<{ idMessage: string }>('/v1/sessions/support/messages?wait=5', {
    to: ana.pnJid,
    messageType: 'pollCreationMessage',
    value: 'When?',
    options,
  })
  const sent = await ana.waitForMessage(({ id }) => id === idMessage)
  const key = { id: idMessage, remoteJid: phone.lidJid, fromMe: false }
  const poll = { id: idMessage, message: sent.message, creatorJid: phone.lidJid, voterJid: ana.lidJid, key }
  await ana.send(phone, { raw: encodeVote(poll, ['Tuesday']) })
  const vote = await stage.receiver.waitFor((e) => e.messageType === 'pollUpdateMessage', 'the vote')
  expect(vote.event).toMatchObject({
    senderNumber: ana.pnJid,
    targetMessage: { idMessage, isFromMe: true },
    selectedOptions: ['Tuesday'],
  })

  const theirs = await ana.send(group, { poll: { question: 'Where?', options: ['Here', 'There'] } })
  await stage.receiver.waitFor((e) => e['idMessage'] === theirs.id, 'the poll')
  const theirKey = { id: theirs.id, remoteJid: group.jid, participant: ana.lidJid, fromMe: true }
  const theirPoll = { ...theirs, creatorJid: ana.lidJid, voterJid: ana.lidJid, key: theirKey }
  const second = await ana.send(group, { raw: encodeVote(theirPoll, ['Here']) })
  const told = await stage.receiver.waitFor((e) => e['idMessage'] === second.id, 'the second vote')
  expect(told.event).toMatchObject({ senderNumber: group.jid, selectedOptions: ['Here'] })
  expect(stage.whatsapp.unknownStanzas).toEqual([])
})
