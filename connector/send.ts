import type { OutgoingMessage } from '../schema/outgoing.ts'
import type { WASocket } from './baileys.ts'

type BaileysContent = Parameters<WASocket['sendMessage']>[1]
type MessageOf<Type extends OutgoingMessage['messageType']> = Extract<OutgoingMessage, { messageType: Type }>

/** What WhatsApp is given for each type of message. */
const contents: { [Type in OutgoingMessage['messageType']]: (message: MessageOf<Type>) => BaileysContent } = {
  // A preview would have Baileys fetch the links in the text: ChatLink fetches nothing that a text names.
  conversation: ({ value }) => ({ text: value, linkPreview: null }),
}

/**
 * Hands a message to WhatsApp under the id that was fixed when it was stored: sent again, it is the same message.
 * Resolves when it is on its way, which is before WhatsApp has acknowledged it; rejects when it could not be sent.
 */
export async function sendOutgoing(
  socket: Pick<WASocket, 'sendMessage'>,
  { idMessage, message }: { idMessage: string; message: OutgoingMessage },
): Promise<void> {
  const content = contents[message.messageType](message)
  await socket.sendMessage(message.to, content, { messageId: idMessage })
}
