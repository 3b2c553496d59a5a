import { createDeflate, deflateSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { HistoryImport } from '../../connector/history.ts'
import { maxInflatedBytes } from '../../connector/inflate.ts'
import { makeLog } from '../../connector/log.ts'
import type { WAMessage } from '../../connector/baileys.ts'
import type { FakeSession } from '../support/fake-session.ts'
import { pastChat, type PastMessage } from '../whatsapp/history.ts'
import { useStage } from './harness.ts'

const stage = useStage()
const at = 1_767_225_600

const text = (id: string, minute: number, more: Partial<PastMessage> = {}): PastMessage => ({
  id,
  timestamp: at + minute * 60,
  message: { conversation: id },
  ...more,
})

/** A session that takes history in, linked to a phone that has some. */
async function linkWithHistory(share: (phone: ReturnType<typeof stage.whatsapp.createPhone>) => void) {
  const session = stage.worker.createSession()
  session.receiving = { ...session.receiving, history: true }
  const phone = stage.whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
  share(phone)
  const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
  await phone.scan(qr)
  await session.wait((seen) => seen.reportsOf('connected')[0])
  return { session, phone }
}

const past = (session: FakeSession) => session.events.filter((event) => event['isHistory'] === true)
const idsOf = (session: FakeSession) => past(session).map((event) => event['idMessage'])

it('brings the history into the log when the session asks for it: chat by chat, each by time', async () => {
  stage.startConnector()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const group = '120363041234567890@g.us'
  const { session } = await linkWithHistory((phone) => {
    const direct = [text('A1', 1, { pushName: 'Ana' }), text('A2', 3, { fromMe: true }), text('A3', 2)]
    phone.history = [
      {
        conversations: [
          pastChat(ana.lidJid, direct, { pnJid: ana.pnJid! }),
          pastChat(group, [text('G1', 0, { participant: ana.lidJid }), text('G2', 5, { fromMe: true })]),
        ],
      },
      { conversations: [pastChat(ana.lidJid, [text('A0', 0)], { pnJid: ana.pnJid! })] },
    ]
  })
  await session.wait((seen) => past(seen).length === 6)
  expect(idsOf(session)).toEqual(['A1', 'A3', 'A2', 'G1', 'G2', 'A0'])
  expect(past(session)).toMatchObject([
    { senderNumber: ana.pnJid, lid: ana.lidJid, senderName: 'Ana', messageTimestamp: at + 60, value: 'A1' },
    { senderNumber: ana.pnJid, messageTimestamp: at + 120 },
    { senderNumber: ana.pnJid, isFromMe: true },
    { senderNumber: group, participant: ana.pnJid, lid: ana.lidJid, isMessageFromGroup: true },
    { senderNumber: group, isFromMe: true },
    { idMessage: 'A0' },
  ])
})

it('leaves it out otherwise, and still learns the addresses from it', async () => {
  stage.startConnector()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana', hidesNumber: true })
  const session = stage.worker.createSession()
  const phone = stage.whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
  phone.history = [{ conversations: [pastChat(ana.lidJid, [text('A1', 1)], { pnJid: ana.pnJid! })] }]
  const { qr } = await session.wait((seen) => seen.reportsOf('qr')[0])
  await phone.scan(qr)
  await session.wait((seen) =>
    seen.reportsOf('contacts').some(({ contacts }) => contacts.some(({ lid }) => lid === ana.lidJid)),
  )
  await ana.send(phone, { text: 'now' })
  const event = await session.wait(({ events }) =>
    events.find(({ idEvent: _, ...each }) => each['value'] === 'now'),
  )
  expect(event).toMatchObject({ senderNumber: ana.pnJid })
  expect(past(session)).toEqual([])
})

it.each(['lid', 'pn'] as const)(
  'tells once what comes as history and live, addressed by %s',
  async (addressing) => {
    stage.startConnector()
    const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
    const now = Math.floor(Date.now() / 1000)
    const recent = [text('BOTH', 0, { timestamp: now }), text('PAST', 0, { timestamp: now - 60 })]
    const { session, phone } = await linkWithHistory((owner) => {
      owner.history = [{ conversations: [pastChat(ana.lidJid, recent, { pnJid: ana.pnJid! })] }]
    })
    await session.wait((seen) => past(seen).length === 2)
    await ana.send(phone, { text: 'BOTH' }, { id: 'BOTH', addressing })
    await ana.send(phone, { text: 'LIVE' }, { id: 'LIVE', addressing })
    await session.wait(({ events }) => events.some((event) => event['idMessage'] === 'LIVE'))
    await phone.shareHistory(
      phone.companion!,
      { conversations: [pastChat(ana.pnJid!, [text('LIVE', 0, { timestamp: now }), text('LATER', 0)])] },
      { chunkOrder: 2 },
    )
    await session.wait(({ events }) => events.some((event) => event['idMessage'] === 'LATER'))
    const ids = session.events.flatMap((event) => event['idMessage'] ?? [])
    expect(ids).toEqual(['PAST', 'BOTH', 'LIVE', 'LATER'])
    expect(session.duplicates).toEqual([])
  },
)

it('tells files of the history without fetching them, and where they are to be had', async () => {
  stage.startConnector()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const media = await stage.whatsapp.mediaHost.store(Buffer.from('a picture'), 'image')
  const message = { imageMessage: { ...media, mimetype: 'image/jpeg', caption: 'Old' } }
  const { session } = await linkWithHistory((phone) => {
    phone.history = [{ conversations: [pastChat(ana.lidJid, [text('I1', 0, { message })])] }]
  })
  await session.wait((seen) => past(seen).length === 1)
  expect(session.entries.at(-1)).toMatchObject({
    event: { messageType: 'imageMessage', fileStatus: 'unavailable', caption: 'Old' },
    source: expect.any(String),
  })
  expect(session.entries.at(-1)?.event).not.toHaveProperty('sha256')
  expect(session.files.size).toBe(0)
})

it('goes on with the next connector when one ends in the middle of it', async () => {
  stage.startConnector()
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const count = 1500
  const long = 'x'.repeat(1000)
  const { session } = await linkWithHistory((phone) => {
    const messages = Array.from({ length: count }, (_, index) =>
      text(`M${index}`, index, { message: { conversation: long + index } }),
    )
    phone.history = [{ conversations: [pastChat(ana.lidJid, messages)] }]
  })
  session.faults.delayMs = 100
  await session.wait((seen) => past(seen).length > 0)
  expect(past(session).length).toBeLessThan(count)
  session.faults.delayMs = 0
  stage.startConnector()
  await session.wait((seen) => past(seen).length === count, 20_000)
  expect(idsOf(session)).toEqual(Array.from({ length: count }, (_, index) => `M${index}`))
  await session.wait((seen) => ![...seen.keys.keys()].some((name) => name.startsWith('peer-message')))
})

it('survives history that unpacks to more than it may', async () => {
  stage.startConnector()
  const { session, phone } = await linkWithHistory(() => undefined)
  const before = process.memoryUsage().rss
  await phone.shareHistory(phone.companion!, await bomb(8 * maxInflatedBytes), { chunkOrder: 2 })
  const ana = stage.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  await ana.send(phone, { text: 'still here' })
  await session.wait(({ events }) => events.some((event) => event['value'] === 'still here'))
  expect(process.memoryUsage().rss - before).toBeLessThan(3 * maxInflatedBytes)
  expect(session.reportsOf('reconnecting')).toEqual([])
})

/** Zeros, packed without ever being in memory at once. */
async function bomb(bytes: number): Promise<Buffer> {
  const packer = createDeflate({ level: 9 })
  const zeros = Buffer.alloc(1024 * 1024)
  const packed: Buffer[] = []
  packer.on('data', (chunk: Buffer) => packed.push(chunk))
  for (let written = 0; written < bytes; written += zeros.length) {
    if (!packer.write(zeros)) await new Promise((resolve) => packer.once('drain', resolve))
  }
  await new Promise<void>((resolve) => {
    packer.once('end', resolve)
    packer.end()
  })
  return Buffer.concat(packed)
}

describe('the import', () => {
  const message = (id: string): WAMessage => ({ key: { remoteJid: '1@lid', id }, messageTimestamp: 1 })

  it('waits while too much is on its way', async () => {
    let bytes = 0
    const recorded: unknown[] = []
    const history = new HistoryImport({
      toEvent: ({ key }) => ({ event: { id: key.id } }),
      record: ({ event }) => {
        recorded.push(event['id'])
        bytes += 100 * 1024
      },
      uncommittedBytes: () => bytes,
      log: makeLog('silent'),
    })
    const through = history.take(['a', 'b', 'c', 'd', 'e'].map(message))
    await vi.waitFor(() => expect(recorded).toHaveLength(3))
    history.acked()
    await new Promise(setImmediate)
    expect(recorded).toHaveLength(3)
    bytes = 0
    history.acked()
    expect(await through).toBe(true)
    expect(recorded).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('goes on behind a message that nothing can be made of', async () => {
    const recorded: unknown[] = []
    const history = new HistoryImport({
      toEvent: ({ key }) => {
        if (key.id === 'bad') throw new Error('garbled')
        return { event: { id: key.id } }
      },
      record: ({ event }) => recorded.push(event['id']),
      uncommittedBytes: () => 0,
      log: makeLog('silent'),
    })
    const nothing = undefined as unknown as WAMessage
    expect(await history.take([message('a'), message('bad'), nothing, message('b')])).toBe(true)
    expect(recorded).toEqual(['a', 'b'])
  })

  it('ends without being through when the connection to the Session does', async () => {
    const history = new HistoryImport({
      toEvent: () => null,
      record: () => undefined,
      uncommittedBytes: () => Number.POSITIVE_INFINITY,
      log: makeLog('silent'),
    })
    const through = history.take([message('a')])
    await new Promise(setImmediate)
    history.close()
    expect(await through).toBe(false)
  })
})

it('unpacks what is small enough, by both ways', async () => {
  const { inflate, createInflate } = await import('node:zlib')
  const small = deflateSync(Buffer.alloc(1024))
  const unpacked = await new Promise<Buffer>((resolve, reject) => {
    inflate(small, (error, result) => (error ? reject(error) : resolve(result)))
  })
  expect(unpacked).toHaveLength(1024)
  const stream = createInflate()
  const failing = new Promise<Error>((resolve) => stream.once('error', resolve))
  stream.resume()
  stream.end(await bomb(2 * maxInflatedBytes))
  expect(await failing).toBeInstanceOf(RangeError)
})
