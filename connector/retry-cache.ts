import type { BinaryNode, WASocket } from './baileys.ts'
import { BoundedSet } from './bounded-set.ts'

/** Ids of received messages that Baileys may still be dealing with. */
const maxUnderWay = 20_000

/**
 * Baileys keeps the last 512 messages of a connection for five minutes, however large, to send them again when a recipient asks.
 * It keeps those that it received, too, which nobody asks it for; here it keeps only what it has sent.
 *
 * The answer is to be called with each stanza before Baileys handles it.
 */
export function keepOnlySent(socket: WASocket): (node: BinaryNode) => void {
  const received = new BoundedSet(maxUnderWay)
  const manager = socket.messageRetryManager
  if (manager !== null) {
    const keep = manager.addRecentMessage.bind(manager)
    manager.addRecentMessage = (to, id, message) => {
      if (!received.has(id)) keep(to, id, message)
    }
  }
  return ({ tag, attrs }) => {
    if (tag === 'message' && attrs['id'] !== undefined) received.add(attrs['id'])
  }
}
