import { proto } from '../../../connector/baileys.ts'
import { makeIdEvent, makeIdFile } from '../../../connector/event-id.ts'
import { normalizeMessage } from '../../../connector/normalize/normalize.ts'
import type {
  NormalizeContext,
  NormalizedMessage,
  WireKey,
  WireMessage,
} from '../../../connector/normalize/wire-message.ts'

export const ana = { number: '34600111222@s.whatsapp.net', lid: '180001112223334@lid' }
export const luis = { number: '34600333444@s.whatsapp.net', lid: '180003334445556@lid' }
export const own = { number: '34911222333@s.whatsapp.net', lid: '180009998887776@lid' }
export const group = '120363041234567890@g.us'

export const idMessage = '3EB0C767D097B7C35B12A0'
export const timestamp = 1767225600

/** A session in which nobody has told the number behind any LID. */
export function makeContext(changes: Partial<NormalizeContext> = {}): NormalizeContext {
  return {
    idSession: 'support',
    ownNumber: own.number,
    ownLid: own.lid,
    phoneOf: () => undefined,
    ...changes,
  }
}

export const knowing = (...people: { number: string; lid: string }[]) => ({
  phoneOf: (lid: string) => people.find((person) => person.lid === lid)?.number,
})

/** Encodes and decodes, so that the content is what really comes out of WhatsApp's protobuf. */
export function overTheWire(message: proto.IMessage): proto.IMessage {
  return proto.Message.decode(proto.Message.encode(proto.Message.fromObject(message)).finish())
}

export function makeWire(message: proto.IMessage | null, key: WireKey = {}): WireMessage {
  return {
    key: { remoteJid: ana.number, id: idMessage, fromMe: false, participant: '', ...key },
    message: message === null ? null : overTheWire(message),
    messageTimestamp: timestamp,
    pushName: 'Ana García',
  }
}

export function normalize(
  message: proto.IMessage,
  key: WireKey = {},
  context: Partial<NormalizeContext> = {},
): NormalizedMessage | null {
  return normalizeMessage(makeWire(message, key), makeContext(context))
}

export function idEventIn(chat: string, sender: string, id = idMessage): string {
  return makeIdEvent({ idSession: 'support', chat, sender, idMessage: id, kind: 'message' })
}

export { makeIdFile }

/** Where a message can stand, and what its event says of it. */
export interface Stand {
  name: string
  key: WireKey
  context: Partial<NormalizeContext>
  wireChat: string
  wireSender: string
  common: Record<string, unknown>
}

const senderName = 'Ana García'
const inGroup = { senderNumber: group, senderName, isMessageFromGroup: true }
const direct = { senderName, isMessageFromGroup: false }

export const stands: Stand[] = [
  {
    name: 'direct, from a number',
    key: { remoteJid: ana.number },
    context: {},
    wireChat: ana.number,
    wireSender: ana.number,
    common: { ...direct, senderNumber: ana.number },
  },
  {
    name: 'direct, from a number whose LID stands beside it',
    key: { remoteJid: ana.number, remoteJidAlt: ana.lid },
    context: {},
    wireChat: ana.number,
    wireSender: ana.number,
    common: { ...direct, senderNumber: ana.number, lid: ana.lid },
  },
  {
    name: 'direct, from a LID whose number stands beside it, from a second device',
    key: { remoteJid: '180001112223334:7@lid', remoteJidAlt: ana.number },
    context: {},
    wireChat: ana.lid,
    wireSender: ana.lid,
    common: { ...direct, senderNumber: ana.number, lid: ana.lid },
  },
  {
    name: 'direct, from a LID whose number is in the store',
    key: { remoteJid: ana.lid },
    context: knowing(ana),
    wireChat: ana.lid,
    wireSender: ana.lid,
    common: { ...direct, senderNumber: ana.number, lid: ana.lid },
  },
  {
    name: 'direct, from a LID whose number nobody knows',
    key: { remoteJid: ana.lid },
    context: {},
    wireChat: ana.lid,
    wireSender: ana.lid,
    common: { ...direct, senderNumber: ana.lid, lid: ana.lid },
  },
  {
    name: 'group, from a number',
    key: { remoteJid: group, participant: ana.number },
    context: {},
    wireChat: group,
    wireSender: ana.number,
    common: { ...inGroup, participant: ana.number },
  },
  {
    name: 'group, from a LID whose number stands beside it',
    key: { remoteJid: group, participant: '180001112223334:12@lid', participantAlt: ana.number },
    context: {},
    wireChat: group,
    wireSender: ana.lid,
    common: { ...inGroup, participant: ana.number, lid: ana.lid },
  },
  {
    name: 'group, from a LID whose number nobody knows',
    key: { remoteJid: group, participant: ana.lid },
    context: {},
    wireChat: group,
    wireSender: ana.lid,
    common: { ...inGroup, participant: ana.lid, lid: ana.lid },
  },
  {
    name: 'direct, written on the own phone',
    key: { remoteJid: ana.lid, remoteJidAlt: ana.number, fromMe: true },
    context: {},
    wireChat: ana.lid,
    wireSender: '',
    common: { ...direct, senderNumber: ana.number, lid: ana.lid, isFromMe: true },
  },
  {
    name: 'group, written on the own phone',
    key: { remoteJid: group, participant: own.lid, fromMe: true },
    context: {},
    wireChat: group,
    wireSender: '',
    common: { ...inGroup, participant: own.number, lid: own.lid, isFromMe: true },
  },
]
