import type { IdEvent } from '../../schema/id.ts'
import { makeIdEvent } from '../event-id.ts'
import { toJid } from './address.ts'
import type { WireKey } from './wire-message.ts'

/**
 * Names a message by what its stanza says, never by what was resolved: the same stanza has the same id before and after
 * the number behind a LID became known, and an undecryptable stub has that of the content that comes later.
 */
export function idEventOf(key: WireKey, idSession: string, kind = 'message'): IdEvent {
  const chat = toJid(key.remoteJid) ?? ''
  const sender = key.fromMe === true ? '' : (toJid(key.participant) ?? chat)
  return makeIdEvent({ idSession, chat, sender, idMessage: key.id ?? '', kind })
}
