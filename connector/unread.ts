import { cleanMessage, decodeMessageNode, proto } from './baileys.ts'
import type { BinaryNode, WAMessage } from './baileys.ts'

interface Addresses {
  id: string
  lid: string
}

const keyUsed = 'Key used already or never filled'
/** `msmsg`, what bots send, is acknowledged by Baileys unread. */
const isPart = ({ tag, attrs, content }: BinaryNode) =>
  (tag === 'plaintext' || (tag === 'enc' && attrs['type'] !== 'msmsg')) && content instanceof Uint8Array

/**
 * The message of a stanza that holds nothing to decrypt: what it says in the clear, or that its content is elsewhere
 * (`<unavailable>`). Baileys acknowledges these before it tells of them, and some it never tells.
 */
export function readUnencrypted(node: BinaryNode, me: Addresses): WAMessage | undefined {
  if (node.tag !== 'message' || !Array.isArray(node.content) || me.id === '') return undefined
  const parts = node.content.filter(isPart)
  if (parts.some(({ tag }) => tag === 'enc')) return undefined
  return read(node, me, (message) => {
    const isViewOnce = (node.content as BinaryNode[]).some(
      ({ tag, attrs }) => tag === 'unavailable' && attrs['type'] === 'view_once',
    )
    if (isViewOnce) message.key.isViewOnce = true
    else if (parts.length === 0) message.messageStubType = proto.WebMessageInfo.StubType.CIPHERTEXT
    for (const { content } of parts) message.message = proto.Message.decode(content as Uint8Array)
  })
}

/** The message of a stanza that could not be decrypted; undefined when that is because it was before. */
export function readUndecryptable(node: BinaryNode, me: Addresses, error: unknown): WAMessage | undefined {
  if ((error as Error).message === keyUsed) return undefined
  return read(node, me, (message) => {
    message.messageStubType = proto.WebMessageInfo.StubType.CIPHERTEXT
  })
}

function read(node: BinaryNode, me: Addresses, fill: (message: WAMessage) => void): WAMessage | undefined {
  try {
    const message: WAMessage = decodeMessageNode(node, me.id, me.lid).fullMessage
    fill(message)
    cleanMessage(message, me.id, me.lid)
    return message
  } catch {
    return undefined
  }
}
