import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventDraft } from '../../../schema/event/event.ts'
import { proto } from '../../../connector/baileys.ts'
import { maxEventBytes, normalizeMessage } from '../../../connector/normalize/normalize.ts'
import type { NormalizeContext, WireMessage } from '../../../connector/normalize/wire-message.ts'
import { ana, group, knowing, makeContext, makeWire, own } from './builders.ts'

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\uD800', '\u0000', ana.lid, own.number, 'a'.repeat(300_000)),
)
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 90.0001, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1),
  fc.double(),
  fc.integer(),
)
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
const jid = fc.oneof(fc.constantFrom(ana.number, ana.lid, own.number, own.lid, group, ''), fc.string())

const contextInfo = record({
  stanzaId: text,
  participant: jid,
  mentionedJid: fc.array(jid, { maxLength: 5 }),
  isForwarded: fc.boolean(),
  quotedMessage: record({ conversation: text }),
})
const key = record({ id: text, remoteJid: jid, participant: jid, fromMe: fc.boolean() })
const file = {
  url: text,
  directPath: text,
  mimetype: text,
  caption: text,
  fileName: text,
  title: text,
  mediaKey: bytes,
  fileSha256: bytes,
  fileEncSha256: bytes,
  fileLength: number,
  seconds: number,
  width: number,
  height: number,
  ptt: fc.boolean(),
  viewOnce: fc.boolean(),
  contextInfo,
}
const contact = record({ displayName: text, vcard: text, contextInfo })
const place = record({
  degreesLatitude: number,
  degreesLongitude: number,
  accuracyInMeters: number,
  name: text,
  contextInfo,
})
const poll = record({
  name: text,
  options: fc.array(record({ optionName: text }), { maxLength: 3 }),
  selectableOptionsCount: number,
  contextInfo,
})

/** Messages with any of the fields that are read, each absent, null or with any value of its kind. */
const { message: garbled } = fc.letrec<{ message: proto.IMessage; wrapped: proto.IMessage }>((tie) => ({
  message: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    record({ conversation: text }),
    record({ extendedTextMessage: record({ text, contextInfo }) }),
    record({ imageMessage: record(file), senderKeyDistributionMessage: record({ groupId: text }) }),
    record({ videoMessage: record(file) }),
    record({ ptvMessage: record(file) }),
    record({ audioMessage: record(file) }),
    record({ stickerMessage: record(file) }),
    record({ documentMessage: record(file) }),
    record({ contactMessage: contact }),
    record({ contactsArrayMessage: record({ contacts: fc.array(contact, { maxLength: 3 }), contextInfo }) }),
    record({ locationMessage: place }),
    record({ liveLocationMessage: place }),
    record({ pollCreationMessage: poll, pollCreationMessageV3: poll }),
    record({ pollUpdateMessage: record({ pollCreationMessageKey: key }) }),
    record({ reactionMessage: record({ key, text }) }),
    record({ buttonsResponseMessage: record({ selectedButtonId: text, selectedDisplayText: text }) }),
    record({
      interactiveResponseMessage: record({
        nativeFlowResponseMessage: record({ name: text, paramsJson: text }),
      }),
    }),
    record({ listResponseMessage: record({ title: text, description: text }) }),
    record({ eventMessage: record({ name: text }), commentMessage: record({}) }),
    record({
      protocolMessage: record({
        type: fc.oneof(fc.integer({ min: 0, max: 40 }), number),
        key,
        editedMessage: tie('message'),
        ephemeralExpiration: number,
      }),
    }),
    tie('wrapped'),
  ),
  wrapped: fc
    .tuple(
      fc.constantFrom('ephemeralMessage', 'viewOnceMessageV2', 'editedMessage', 'deviceSentMessage'),
      tie('message'),
    )
    .map(([wrapper, message]) => ({ [wrapper]: { message } })),
}))

function record(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<never> {
  const optional = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fc.option(value, { freq: 12 })]),
  )
  return fc.record(optional, { requiredKeys: [] }) as fc.Arbitrary<never>
}

const wire: fc.Arbitrary<Omit<WireMessage, 'message'>> = fc.record({
  key: fc.record({
    remoteJid: jid,
    remoteJidAlt: fc.option(jid),
    participant: fc.option(jid),
    participantAlt: fc.option(jid),
    fromMe: fc.boolean(),
    id: text,
    isViewOnce: fc.option(fc.boolean()),
  }),
  messageTimestamp: number,
  pushName: fc.option(text),
  messageStubType: fc.option(fc.integer({ min: 0, max: 230 }), { freq: 4 }),
  messageStubParameters: fc.option(fc.array(text, { maxLength: 3 })),
})
const context: fc.Arbitrary<Partial<NormalizeContext>> = fc.record({
  isHistory: fc.boolean(),
  isGivenUp: fc.boolean(),
  phoneOf: fc.constantFrom(knowing(ana).phoneOf, () => undefined),
})

function expectFit(message: WireMessage, context: Partial<NormalizeContext>): void {
  const normalized = normalizeMessage(message, makeContext(context))
  if (normalized === null) return
  expect(EventDraft.safeParse(normalized.draft).error).toBeUndefined()
  const json = JSON.stringify(normalized.draft)
  expect(JSON.parse(json)).toStrictEqual(normalized.draft)
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(maxEventBytes)
  expect(json.isWellFormed() && !json.includes('\\ud')).toBe(true)
  expect(JSON.parse(JSON.stringify(normalized.media ?? null))).toStrictEqual(normalized.media ?? null)
}

test('garbled fields never throw, and every event keeps to the contract', () => {
  fc.assert(
    fc.property(wire, garbled, context, (message, content, given) => {
      expectFit({ ...message, message: content }, given)
    }),
    { numRuns: 1500 },
  )
})

test('nor do they once they have been through WhatsApp’s protobuf', () => {
  fc.assert(
    fc.property(wire, garbled, context, (message, content, given) => {
      const bytes = proto.Message.encode(proto.Message.fromObject(content)).finish()
      expectFit({ ...message, message: proto.Message.decode(bytes) }, given)
    }),
    { numRuns: 1000 },
  )
})

test('nor do bytes that were changed on the way, when protobuf still reads them', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 })
  let read = 0
  fc.assert(
    fc.property(wire, garbled, changes, (message, content, flips) => {
      const bytes = Buffer.from(proto.Message.encode(proto.Message.fromObject(content)).finish())
      for (const [at, value] of flips) if (bytes.length > 0) bytes[at % bytes.length] = value
      let decoded: proto.IMessage
      try {
        decoded = proto.Message.decode(bytes)
      } catch {
        return
      }
      read += 1
      expectFit({ ...message, message: decoded }, {})
    }),
    { numRuns: 1000 },
  )
  expect(read).toBeGreaterThan(100)
})

test('nor do fields of another kind altogether', () => {
  const anything = fc.anything({ maxDepth: 3, withNullPrototype: true, withBigInt: true })
  const fields = Object.keys(proto.Message.prototype).filter((name) => name !== 'toJSON')
  expect(fields.length).toBeGreaterThan(50)
  const content = fc.dictionary(fc.constantFrom(...fields), anything, { maxKeys: 3, noNullPrototype: true })
  fc.assert(
    fc.property(wire, fc.oneof(content, anything), (message, given) => {
      expectFit({ ...message, message: given as never }, {})
    }),
    { numRuns: 1500 },
  )
})

test('an address that can be read always becomes an event, unless the message is nobody’s', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 50 }), (value) => {
      const normalized = normalizeMessage(makeWire({ conversation: value }), makeContext())
      expect(normalized?.draft).toMatchObject({
        messageType: 'conversation',
        value: value.toWellFormed(),
      })
    }),
  )
})
