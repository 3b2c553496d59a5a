import { Jid } from '../../schema/id.ts'
import type { NormalizeContext, WireKey } from './wire-message.ts'

/** A person under the addresses that are known: `jid` is the phone's when anybody knows it, else the LID. */
export interface Person {
  jid: Jid
  lid?: Jid
}

type Addresses = Pick<NormalizeContext, 'ownNumber' | 'ownLid' | 'phoneOf'>

const servers: Record<string, string> = {
  'c.us': 's.whatsapp.net',
  hosted: 's.whatsapp.net',
  'hosted.lid': 'lid',
}

/** The address without device and agent, in its present spelling; nothing when it is none. */
export function toJid(value: unknown): Jid | undefined {
  if (typeof value !== 'string' || value.length > 256) return undefined
  const at = value.indexOf('@')
  const server = value.slice(at + 1)
  const name = value.slice(0, Math.max(at, 0))
  const user = server === 'g.us' ? name : name.split(':', 1)[0]!.split('_', 1)[0]!
  const parsed = Jid.safeParse(`${user}@${servers[server] ?? server}`)
  return parsed.success ? parsed.data : undefined
}

export const isPhone = (jid: Jid | undefined) => jid !== undefined && jid.endsWith('@s.whatsapp.net')
export const isLid = (jid: Jid | undefined) => jid !== undefined && jid.endsWith('@lid')
export const isGroup = (jid: Jid | undefined) => jid !== undefined && jid.endsWith('@g.us')
const isBroadcast = (jid: Jid | undefined) => jid !== undefined && jid.endsWith('@broadcast')

const statusChat = 'status@broadcast'
export const isStatus = (jid: Jid | undefined) => jid === statusChat

/** Status broadcasts and newsletters become events only when the session asks for them. */
export function isIgnoredChat(
  jid: Jid | undefined,
  {
    includeStatus = false,
    includeNewsletters = false,
  }: Pick<NormalizeContext, 'includeStatus' | 'includeNewsletters'>,
): boolean {
  if (isStatus(jid)) return !includeStatus
  return jid !== undefined && jid.endsWith('@newsletter') && !includeNewsletters
}

/** Whether it is one of the account's own addresses. */
export function isOwn(jid: Jid | undefined, { ownNumber, ownLid }: Addresses): boolean {
  return jid !== undefined && (jid === toJid(ownNumber) || jid === toJid(ownLid))
}

/**
 * Resolves an address: by the alternate one that came with it, by the account's own, by what has been learnt.
 * @param wireAlternate the same person's other address, when the stanza has one
 */
export function resolvePerson(wire: unknown, wireAlternate: unknown, context: Addresses): Person | undefined {
  const jid = toJid(wire)
  if (jid === undefined) return undefined
  const alternate = toJid(wireAlternate)
  const ownNumber = toJid(context.ownNumber)
  const ownLid = toJid(context.ownLid)
  if (isLid(jid)) {
    const phone = [alternate, jid === ownLid ? ownNumber : undefined, toJid(context.phoneOf(jid))].find(
      isPhone,
    )
    return { jid: phone ?? jid, lid: jid }
  }
  const lid = [alternate, jid === ownNumber ? ownLid : undefined].find(isLid)
  return lid === undefined ? { jid } : { jid, lid }
}

/** The account itself. */
export function ownPerson(context: Addresses): Person | undefined {
  return resolvePerson(context.ownNumber ?? context.ownLid, context.ownLid, context)
}

/** Where a message stands and who wrote it. */
export interface Place {
  chat: Person
  /** Who wrote, when known: in a direct chat its person, or the account itself. */
  author: Person | undefined
  isGroup: boolean
  isFromMe: boolean
}

/** Reads a key; nothing when it names no chat. A message by a broadcast list stands in the chat with its author. */
export function readPlace(key: WireKey, context: Addresses): Place | undefined {
  const wireChat = toJid(key.remoteJid)
  if (wireChat === undefined) return undefined
  const isFromMe = key.fromMe === true
  const participant = resolvePerson(key.participant, key.participantAlt, context)
  if (isGroup(wireChat)) {
    const author = participant ?? (isFromMe ? ownPerson(context) : undefined)
    return { chat: { jid: wireChat }, author, isGroup: true, isFromMe }
  }
  if (isStatus(wireChat)) {
    const author = participant ?? (isFromMe ? ownPerson(context) : undefined)
    return { chat: { jid: statusChat }, author, isGroup: false, isFromMe }
  }
  if (isBroadcast(wireChat) && participant !== undefined && !isFromMe) {
    const chat = resolvePerson(key.participant, key.participantAlt ?? key.remoteJidAlt, context)!
    return { chat, author: chat, isGroup: false, isFromMe }
  }
  // A stanza from the account's own phone may carry the account's number where the chat's other address belongs.
  const isAlternateForeign = isFromMe && !isOwn(wireChat, context) && isOwn(toJid(key.remoteJidAlt), context)
  const chat = resolvePerson(wireChat, isAlternateForeign ? undefined : key.remoteJidAlt, context)!
  return { chat, author: isFromMe ? ownPerson(context) : chat, isGroup: false, isFromMe }
}
