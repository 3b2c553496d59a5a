import { beforeEach, expect, it } from 'vitest'
import type { Receiving } from '../../schema/api/receiving.ts'
import { postStatus } from '../whatsapp/status.ts'
import { useStage } from './harness.ts'

const stage = useStage()
const channel = '120363041234567890@newsletter'

beforeEach(() => {
  stage.startConnector()
})

/** A status and a channel's post, then a text; what of it becomes events. */
async function events(receiving: Partial<Receiving>) {
  const { session, phone } = await stage.linkSession()
  session.settle({ ...session.receiving, ...receiving })
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const status = await postStatus(ana, { text: 'on holiday' }, phone)
  const post = phone.receivePost(channel, { conversation: 'news' })
  await ana.send(phone, { text: 'hello' })
  await session.wait((seen) => seen.events.some((event) => event['value'] === 'hello'))
  const told = session.events.filter((event) => event.messageType === 'conversation')
  return { ana, status, post, told, phone }
}

it('leaves out status and channels unless the session asks for them', async () => {
  const { told, phone } = await events({})
  expect(told.map((event) => event['value'])).toEqual(['hello'])
  await expect.poll(() => phone.pending).toEqual([])
})

it('tells the status of contacts when the session asks for it', async () => {
  const { ana, status, told } = await events({ includeStatus: true })
  expect(told.map((event) => event['value'])).toEqual(['on holiday', 'hello'])
  expect(told[0]).toMatchObject({
    senderNumber: 'status@broadcast',
    participant: ana.pnJid,
    lid: ana.lidJid,
    senderName: 'Ana',
    idMessage: status.id,
    isMessageFromGroup: false,
  })
})

it('tells what channels post when the session asks for it', async () => {
  const { post, told } = await events({ includeNewsletters: true })
  const expected = { senderNumber: channel, idMessage: post, value: 'news', isMessageFromGroup: false }
  expect(told.find((event) => event['value'] === 'news')).toMatchObject(expected)
  expect(told).toHaveLength(2)
})
