import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { EventEntry } from '../../schema/link.ts'
import { proto, type WAMessage } from '../../connector/baileys.ts'
import { defaultReceiving } from '../../schema/api/receiving.ts'
import type { Polls } from '../../connector/polls.ts'
import { EventMaker, type AwaitedMessage } from '../../connector/event-maker.ts'
import { Inbox } from '../../connector/inbox.ts'
import { makeLog } from '../../connector/log.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const key = { remoteJid: '34600111222@s.whatsapp.net', id: 'A1', fromMe: false }
const stub = { key, messageTimestamp: 1_760_000_000, messageStubType: 2 } as WAMessage
const content: WAMessage = {
  key,
  messageTimestamp: 1_760_000_000,
  message: proto.Message.fromObject({ conversation: 'late' }),
}

/** An event maker with what one connector has, and `kept`, which outlives it. */
function startMaker(kept: Map<string, AwaitedMessage>, told: EventEntry[]) {
  const recent = told.map(({ event }) => ({ idEvent: String(event['idEvent']), proof: '' }))
  const inbox = new Inbox(recent)
  const maker = new EventMaker({
    idSession: 'support',
    inbox,
    me: () => undefined,
    phoneOf: () => undefined,
    lidOf: () => undefined,
    receiving: () => defaultReceiving,
    polls: { keep: () => undefined, open: () => undefined } as unknown as Polls,
    seal: () => '',
    record: (entry) => {
      told.push(entry)
      inbox.remember({ idEvent: String(entry.event['idEvent']) })
    },
    keepAwaited: (name, message) => {
      if (message === null) kept.delete(name)
      else kept.set(name, JSON.parse(JSON.stringify(message)) as AwaitedMessage)
    },
    fileSent: () => undefined,
    wantsPresence: () => false,
    log: makeLog('silent'),
  })
  for (const [name, message] of kept) maker.awaitAgain(name, message)
  return { take: (message: WAMessage) => maker.take('messages.upsert', { messages: [message] }), maker }
}

const typesOf = (told: EventEntry[]) => told.map(({ event }) => event['messageType'])

it('is told with its content when that comes after it was given up', () => {
  const told: EventEntry[] = []
  const { take } = startMaker(new Map(), told)
  take(stub)
  vi.advanceTimersByTime(60_000)
  take(content)
  expect(typesOf(told)).toEqual(['unsupportedMessage', 'conversation'])
  expect(told[0]!.event['idEvent']).not.toBe(told[1]!.event['idEvent'])
  expect(told[0]!.event['idMessage']).toBe(told[1]!.event['idMessage'])
})

it('is awaited in a group, too, while only the key for it could be read', () => {
  const told: EventEntry[] = []
  const { take } = startMaker(new Map(), told)
  take(stub)
  take({ ...stub, message: proto.Message.fromObject({ senderKeyDistributionMessage: { groupId: 'g' } }) })
  vi.advanceTimersByTime(60_000)
  expect(typesOf(told)).toEqual(['unsupportedMessage'])
})

it('is told with its content by the next connector too', () => {
  const told: EventEntry[] = []
  const kept = new Map<string, AwaitedMessage>()
  startMaker(kept, told).take(stub)
  vi.advanceTimersByTime(60_000)
  startMaker(kept, told).take(content)
  expect(typesOf(told)).toEqual(['unsupportedMessage', 'conversation'])
})

it('is given up by the next connector when the first ends before', () => {
  const told: EventEntry[] = []
  const kept = new Map<string, AwaitedMessage>()
  const first = startMaker(kept, told)
  first.take(stub)
  first.maker.close()
  startMaker(kept, told)
  vi.advanceTimersByTime(60_000)
  expect(typesOf(told)).toEqual(['unsupportedMessage'])
  expect(kept.size).toBe(0)
})

it('is told once, and waited for no more, when its content comes in time', () => {
  const told: EventEntry[] = []
  const kept = new Map<string, AwaitedMessage>()
  const { take } = startMaker(kept, told)
  take(stub)
  take(content)
  take(stub)
  vi.advanceTimersByTime(120_000)
  expect(typesOf(told)).toEqual(['conversation'])
  expect(kept.size).toBe(0)
})
