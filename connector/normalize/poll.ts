import type { proto } from '../baileys.ts'
import { makeMessage, makeUnsupported, type Subject } from './subject.ts'
import { readTarget } from './target.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { maxLabelLength, toCount, toList, toText, withoutAbsent } from './value.ts'

/** WhatsApp allows twelve. */
const maxOptions = 256

export function readPollCreation(
  poll: proto.Message.IPollCreationMessage,
  subject: Subject,
): NormalizedMessage {
  return makeMessage(subject, 'pollCreationMessage', poll.contextInfo, {
    value: toText(poll.name),
    options: toList(poll.options, maxOptions).map((option) => toText(option?.optionName, maxLabelLength)),
    selectableCount: toCount(poll.selectableOptionsCount) ?? 0,
  })
}

/** A vote is encrypted with a secret of the poll itself: of an unknown poll it is told without the answers. */
export function readPollUpdate(vote: proto.Message.IPollUpdateMessage, subject: Subject): NormalizedMessage {
  const targetMessage = readTarget(vote.pollCreationMessageKey, subject)
  if (targetMessage === undefined) return makeUnsupported(subject, 'pollUpdateMessage', 'malformed')
  const { author } = subject.place
  const voters = [author?.jid, author?.lid].filter((jid) => jid !== undefined)
  const selectedOptions = subject.context.openVote?.(targetMessage.idMessage, vote.vote ?? {}, voters)
  const fields = withoutAbsent({ targetMessage, selectedOptions })
  return makeMessage(subject, 'pollUpdateMessage', undefined, fields)
}
