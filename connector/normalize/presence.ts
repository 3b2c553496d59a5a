import type { EventDraft } from '../../schema/event/event.ts'
import { PresenceUpdateEvent } from '../../schema/event/change.ts'
import { makeIdEvent } from '../event-id.ts'
import { isGroup, resolvePerson, toJid } from './address.ts'
import type { NormalizeContext } from './wire-message.ts'
import { toCount, withoutAbsent } from './value.ts'

/** Baileys' `presence.update`: a chat, and what each of its people does. */
export interface WirePresence {
  id: string
  presences: Record<string, { lastKnownPresence?: string; lastSeen?: number | null }>
}

/**
 * Who is online, typing or recording. WhatsApp gives a presence no id and never delivers it again: the moment names it.
 * @param atMs when it came
 */
export function normalizePresence(
  { id, presences }: WirePresence,
  context: NormalizeContext,
  atMs: number,
): EventDraft[] {
  const chat = toJid(id)
  if (chat === undefined) return []
  return Object.entries(presences).flatMap(([jid, { lastKnownPresence, lastSeen }]) => {
    const person = resolvePerson(jid, undefined, context)
    const presence = PresenceUpdateEvent.shape.presence.safeParse(lastKnownPresence)
    if (person === undefined || !presence.success) return []
    const idEvent = makeIdEvent({
      idSession: context.idSession,
      chat,
      sender: toJid(jid) ?? '',
      idMessage: `${atMs}`,
      kind: `presence:${presence.data}`,
    })
    const draft = {
      idSession: context.idSession,
      messageType: 'presenceUpdate' as const,
      idEvent,
      senderNumber: resolvePerson(id, undefined, context)?.jid ?? chat,
      participant: isGroup(chat) ? person.jid : undefined,
      presence: presence.data,
      lastSeen: toCount(lastSeen),
    }
    return withoutAbsent(draft)
  })
}
