import type { Jid } from '../../schema/id.ts'
import type { MessageReference } from '../../schema/event/field.ts'
import type { proto } from '../baileys.ts'
import { isOwn, resolvePerson, toJid } from './address.ts'
import { textOf } from './text.ts'
import type { NormalizeContext } from './wire-message.ts'
import { toLabel, toList, withoutAbsent } from './value.ts'

export type Quoted = MessageReference & { value?: string | undefined }

/** More people than a group can have. */
const maxMentions = 2048

/** The message that this one answers. */
export function readQuoted(
  contextInfo: proto.IContextInfo | null | undefined,
  context: NormalizeContext,
): Quoted | undefined {
  const idMessage = toLabel(contextInfo?.stanzaId)
  if (idMessage === undefined) return undefined
  const participant = resolvePerson(contextInfo?.participant, undefined, context)?.jid
  return withoutAbsent({
    idMessage,
    participant,
    isFromMe: isOwn(toJid(contextInfo?.participant), context) || undefined,
    value: textOf(contextInfo?.quotedMessage) || undefined,
  })
}

/** The people mentioned, each once; nothing when there are none. */
export function readMentions(
  contextInfo: proto.IContextInfo | null | undefined,
  context: NormalizeContext,
): Jid[] | undefined {
  const people = toList(contextInfo?.mentionedJid, maxMentions)
    .map((jid) => resolvePerson(jid, undefined, context)?.jid)
    .filter((jid) => jid !== undefined)
  return people.length === 0 ? undefined : [...new Set(people)]
}
