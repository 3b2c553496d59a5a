import type { MessageReference } from '../../schema/event/field.ts'
import { isOwn, ownPerson, resolvePerson, toJid, type Person } from './address.ts'
import type { Subject } from './subject.ts'
import type { WireKey } from './wire-message.ts'
import { toLabel, withoutAbsent } from './value.ts'

/**
 * Names the message that another is about.
 *
 * Its key is written from its sender's point of view: `fromMe` means the sender, and the chat is the other side's
 * address of it, our own. Baileys turns the keys of reactions and votes to our point of view before it emits them, and
 * leaves other keys, and what was decrypted aside of it, as they are; both readings lead to the same author here.
 */
export function readTarget(key: WireKey | null | undefined, subject: Subject): MessageReference | undefined {
  const idMessage = toLabel(key?.id)
  if (!key || idMessage === undefined) return undefined
  return makeReference(idMessage, findAuthor(key, subject), subject)
}

/** The same for a message of the one who writes about it: an edit. */
export function readOwnTarget(
  key: WireKey | null | undefined,
  subject: Subject,
): MessageReference | undefined {
  const idMessage = toLabel(key?.id)
  return idMessage === undefined ? undefined : makeReference(idMessage, subject.place.author, subject)
}

function findAuthor(key: WireKey, { context, place }: Subject): Person | undefined {
  const participant = resolvePerson(key.participant, key.participantAlt, context)
  if (place.isGroup) return participant ?? (key.fromMe === true ? place.author : undefined)
  const isOurView = place.isFromMe || !isOwn(toJid(key.remoteJid), context)
  if (isOurView) return key.fromMe === true ? ownPerson(context) : place.chat
  return key.fromMe === true ? place.author : ownPerson(context)
}

function makeReference(
  idMessage: string,
  author: Person | undefined,
  { context }: Subject,
): MessageReference {
  const isFromMe = author !== undefined && (isOwn(author.jid, context) || isOwn(author.lid, context))
  return withoutAbsent({ idMessage, participant: author?.jid, isFromMe: isFromMe || undefined })
}
