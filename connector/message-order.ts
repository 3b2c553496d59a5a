import type { BinaryNode } from './baileys.ts'

/**
 * Keeps the order in which WhatsApp sent.
 *
 * Baileys handles the offline backlog one by one in a queue of its own, and live stanzas at once. So a live message
 * overtakes older ones of the backlog; and of two live messages the later overtakes the former when that needs a look-up
 * before its turn (a contact not seen since the connection opened). Marked as if it belonged to the backlog, every message
 * goes through the queue.
 */
export function queueInOrder(node: BinaryNode): void {
  if (node.tag !== 'message' || !Array.isArray(node.content)) return
  if (node.content.some(({ tag }) => tag === 'enc')) node.attrs['offline'] ??= 'queued'
}
