import type { proto } from '../baileys.ts'
import { makeMessage, makeUnsupported, type Subject } from './subject.ts'
import { readTarget } from './target.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { maxLabelLength, toText } from './value.ts'

/** An empty text takes the reaction back. */
export function readReaction(reaction: proto.Message.IReactionMessage, subject: Subject): NormalizedMessage {
  const targetMessage = readTarget(reaction.key, subject)
  if (targetMessage === undefined) return makeUnsupported(subject, 'reactionMessage', 'malformed')
  const value = toText(reaction.text, maxLabelLength)
  return makeMessage(subject, 'reactionMessage', undefined, { targetMessage, value })
}
