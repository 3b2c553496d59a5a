import type { EventDraft } from '../schema/event/event.ts'
import type { WAMessage } from './baileys.ts'
import { isLid, isPhone, toJid } from './normalize/address.ts'
import type { WireKey } from './normalize/wire-message.ts'

interface Addresses {
  lidOf(phone: string): string | undefined
  phoneOf(lid: string): string | undefined
}

/**
 * A message of the history under the names that a live one has: people by LID where it is known, with the number beside
 * it; the author of a group's message in its key. `aliases` are the keys that the same message may have had on the wire.
 */
export function nameInHistory(
  wire: WAMessage,
  addresses: Addresses,
): { message: WAMessage; aliases: WireKey[] } {
  const chat = bothOf(wire.key.remoteJid, addresses)
  const author = bothOf(wire.key.participant || wire.participant, addresses)
  const key = {
    ...wire.key,
    remoteJid: chat.jid,
    ...(chat.alternate && { remoteJidAlt: chat.alternate }),
    ...(author.jid && { participant: author.jid }),
    ...(author.alternate && { participantAlt: author.alternate }),
  } as WAMessage['key']
  const otherKey = {
    ...key,
    remoteJid: chat.alternate ?? chat.jid,
    participant: author.alternate ?? author.jid,
  }
  return { message: { ...wire, key }, aliases: [otherKey] }
}

function bothOf(wire: string | null | undefined, { lidOf, phoneOf }: Addresses) {
  const jid = toJid(wire)
  if (jid !== undefined && isPhone(jid)) {
    const lid = lidOf(jid)
    return lid === undefined ? { jid } : { jid: lid, alternate: jid }
  }
  return { jid, alternate: jid !== undefined && isLid(jid) ? phoneOf(jid) : undefined }
}

/** The event of a message whose file stays where it is: nothing is said of the file that nobody has checked. */
export function withoutFetching(draft: EventDraft): Record<string, unknown> {
  const { fileSize: _size, sha256: _hash, ...rest } = draft as Record<string, unknown> & EventDraft
  const fileError =
    'Files of the history are not fetched by themselves. Ask for it with POST /v1/files/{idFile}/retry.'
  return { ...rest, fileStatus: 'unavailable', fileError }
}
