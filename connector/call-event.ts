import type { EventDraft } from '../schema/event/event.ts'
import { isLidUser, jidNormalizedUser } from './baileys.ts'
import { makeIdEvent } from './event-id.ts'

interface Call {
  from: string
  callerPn?: string | undefined
  id: string
  date: Date
  status: string
  isVideo?: boolean | undefined
  groupJid?: string | undefined
}

/** The calls that begin ringing; the other states of a call are not told. */
export function readCalls(
  calls: Call[],
  { idSession, phoneOf }: { idSession: string; phoneOf(lid: string): string | undefined },
): EventDraft[] {
  return calls
    .filter(({ status, from, id }) => status === 'offer' && Boolean(from) && Boolean(id))
    .map(({ from, callerPn, id, date, isVideo, groupJid }) => {
      const caller = jidNormalizedUser(from)
      const lid = isLidUser(caller) ? caller : undefined
      const phone = callerPn === undefined ? phoneOf(caller) : jidNormalizedUser(callerPn)
      return {
        idSession,
        messageType: 'callOffer',
        idEvent: makeIdEvent({ idSession, chat: caller, sender: caller, idMessage: id, kind: 'call' }),
        senderNumber: (lid === undefined ? undefined : phone) ?? caller,
        messageTimestamp: Math.floor(date.getTime() / 1000),
        ...(lid !== undefined && { lid }),
        idCall: id,
        isVideo: isVideo ?? false,
        ...(groupJid !== undefined && { groupNumber: groupJid }),
      }
    })
}
