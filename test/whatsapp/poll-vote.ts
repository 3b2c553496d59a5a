import { aesEncryptGCM, hmacSign, proto } from 'baileys'
import { createHash, randomBytes } from 'node:crypto'

export interface VotedPoll {
  id: string
  /** The poll as its author sent it or somebody received it: it holds the secret. */
  message: proto.IMessage
  /** How the voter's phone names the poll's author and the voter. */
  creatorJid: string
  voterJid: string
  key: proto.IMessageKey
}

/** A vote as a phone sends it: the hashes of the answers, encrypted with the secret of the poll. */
export function encodeVote({ id, message, creatorJid, voterJid, key }: VotedPoll, answers: string[]) {
  const secret = message.messageContextInfo?.messageSecret
  if (!secret) throw new Error('this poll has no secret, so nobody can vote in it')
  const selectedOptions = answers.map((answer) => createHash('sha256').update(answer).digest())
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions }).finish()
  const name = Buffer.concat([Buffer.from(`${id}${creatorJid}${voterJid}Poll Vote`), Buffer.from([1])])
  const encryptionKey = hmacSign(name, hmacSign(secret, Buffer.alloc(32)))
  const encIv = randomBytes(12)
  const encPayload = aesEncryptGCM(plain, encryptionKey, encIv, Buffer.from(`${id}\0${voterJid}`))
  const vote = { encPayload, encIv }
  const pollUpdateMessage = { pollCreationMessageKey: key, vote, senderTimestampMs: Date.now() }
  return { pollUpdateMessage } satisfies proto.IMessage
}
