import { expect, it, vi } from 'vitest'
import { makeLog } from '../../connector/log.ts'
import { Refusals } from '../../connector/refusals.ts'
import { linkClose } from '../../schema/link.ts'
import { useStage } from './harness.ts'

const stage = useStage()

it('tells a message without its content when the Session refuses it for ever, and everything else', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  session.faults.refuses = ({ events = [] }) => events.some(({ event }) => event['value'] === 'poison')
  session.faults.delayMs = 20
  for (const text of ['before', 'poison', 'after']) await ana.send(phone, { text }, { id: `ID-${text}` })
  await session.wait(({ events }) => events.length === 3, 40_000)
  expect(session.events.map((event) => event['value'] ?? event['unsupportedReason'])).toEqual([
    'before',
    'malformed',
    'after',
  ])
  expect(session.events[1]).toMatchObject({
    messageType: 'unsupportedMessage',
    idMessage: 'ID-poison',
    wireType: 'conversation',
    senderName: 'Ana',
  })
  await expect.poll(() => phone.pending, { timeout: 15_000 }).toEqual([])
  await ana.send(phone, { text: 'and still' })
  await session.wait(({ events }) => events.length === 4, 15_000)
  expect(session.reportsOf('stopped')).toEqual([])
}, 60_000)

it('stops a session whose keys are refused for ever, loses nothing, and lets its neighbour go on', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession('34911000001')
  const neighbour = await stage.linkSession('34911000002')
  await phone.waitUntilConnected()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  session.faults.refuses = ({ keys = [] }) => keys.some(({ type }) => type === 'session')
  await ana.send(phone, { text: 'with a ratchet' })
  const stopped = await session.wait((seen) => seen.reportsOf('stopped')[0], 50_000)
  expect(stopped.reason).toBe('storageRefused')
  expect(phone.pending).toHaveLength(1)
  await ana.send(neighbour.phone, { text: 'and you?' })
  await neighbour.session.wait(({ events }) => events.some((event) => event['value'] === 'and you?'))
  expect(neighbour.session.reportsOf('stopped')).toEqual([])
}, 60_000)

it('takes nothing for refused when its link is closed for a bad frame while nothing is under way', async () => {
  stage.startConnector()
  const { session, phone } = await stage.linkSession()
  await expect.poll(() => phone.pending).toEqual([])
  const attach = session.attach.bind(session)
  let closings = 0
  vi.spyOn(session, 'attach').mockImplementation((socket) => {
    attach(socket)
    if (closings >= 7) return
    closings += 1
    // Behind the answer to its greeting.
    socket.once('message', () => setTimeout(() => socket.close(linkClose.badFrame), 20))
  })
  session.close(linkClose.badFrame)
  await expect.poll(() => closings, { timeout: 20_000 }).toBe(7)
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'Still there?' })
  await session.wait(({ events }) => events.length === 1, 15_000)
  expect(session.reportsOf('stopped')).toEqual([])
}, 60_000)

it('does not give up while something gets through', () => {
  const refusals = new Refusals(makeLog('silent'))
  for (let last = 1; last <= 20; last += 1) {
    refusals.refused()
    expect(refusals.isRefusedForEver(last)).toBe(false)
  }
  expect(refusals.takeVerdict()).toBe(false)
})

it('counts a broken network as no refusal', () => {
  const refusals = new Refusals(makeLog('silent'))
  for (let times = 0; times < 20; times += 1) expect(refusals.isRefusedForEver(7)).toBe(false)
})
