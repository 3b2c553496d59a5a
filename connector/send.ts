import type { SendableMessage } from '../schema/outgoing.ts'
import type { proto } from './baileys.ts'
import { collectMeanwhile } from './stream-memory.ts'
import { makers, quotedBy, type BaileysContent, type ContentTools } from './outgoing-content.ts'

/**
 * Hands a message to WhatsApp under the id that was fixed when it was stored: sent again, it is the same message.
 * Resolves, with what was sent, when it is on its way, which is before WhatsApp has acknowledged it; rejects when it
 * could not be sent.
 */
export async function sendOutgoing(
  { idMessage, message }: { idMessage: string; message: SendableMessage },
  tools: ContentTools,
): Promise<proto.IMessage | undefined> {
  const make = makers[message.messageType] as (
    of: SendableMessage,
    tools: ContentTools,
  ) => BaileysContent | Promise<BaileysContent>
  const isFile = 'idFile' in message && message.idFile !== undefined
  const send = async () => {
    const content = await make(message, tools)
    const quoted = quotedBy(message, tools)
    const sent = await tools.socket.sendMessage(message.to, content, {
      messageId: idMessage,
      ...(quoted !== undefined && { quoted }),
    })
    return sent?.message ?? undefined
  }
  return await (isFile ? collectMeanwhile(send()) : send())
}
