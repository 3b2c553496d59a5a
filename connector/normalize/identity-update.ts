import type { EventDraft } from '../../schema/event/event.ts'
import { makeIdEvent } from '../event-id.ts'
import { isLid, isPhone, toJid } from './address.ts'
import type { NormalizeContext } from './wire-message.ts'

/** The number behind a LID became known. Told again, it is the same event. */
export function normalizeIdentity(
  { lid: wireLid, pn }: { lid: string; pn: string },
  { idSession }: Pick<NormalizeContext, 'idSession'>,
): EventDraft | null {
  const lid = toJid(wireLid)
  const senderNumber = toJid(pn)
  if (lid === undefined || senderNumber === undefined || !isLid(lid) || !isPhone(senderNumber)) return null
  const idEvent = makeIdEvent({
    idSession,
    chat: lid,
    sender: lid,
    idMessage: senderNumber,
    kind: 'identity',
  })
  return { idSession, messageType: 'identityUpdate', idEvent, lid, senderNumber }
}
