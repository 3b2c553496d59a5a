import type { proto } from 'baileys'

export interface PastMessage {
  id: string
  /** Unix seconds. */
  timestamp: number
  message: proto.IMessage
  fromMe?: boolean
  /** In a group, who wrote. */
  participant?: string
  pushName?: string
}

/** One chat of a phone's history, as WhatsApp shares it: the newest message first, the author of a group's message beside its key. */
export function pastChat(
  id: string,
  messages: PastMessage[],
  more: Partial<proto.IConversation> = {},
): proto.IConversation {
  const newestFirst = messages.toSorted((left, right) => right.timestamp - left.timestamp)
  return {
    id,
    messages: newestFirst.map(({ timestamp, message, participant, pushName, ...key }) => ({
      message: {
        key: { remoteJid: id, fromMe: false, ...key },
        message,
        messageTimestamp: timestamp,
        ...(participant && { participant }),
        ...(pushName && { pushName }),
      },
    })),
    ...more,
  }
}
