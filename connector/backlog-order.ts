import type { BinaryNode } from './baileys.ts'

/**
 * Keeps the order in which WhatsApp sent.
 *
 * Baileys handles the offline backlog one by one in a queue of its own, and live stanzas at once: a live message would
 * overtake older ones of its chat. While the backlog is not through, a live message is marked as if it belonged to it, so
 * that it queues behind. The backlog is through when WhatsApp has said so and the last queued message is being decrypted.
 */
export class BacklogOrder {
  #isAnnounced = true
  #last: BinaryNode | undefined

  arrange(node: BinaryNode): void {
    if (node.tag === 'ib' && hasChild(node, 'offline')) this.#isAnnounced = false
    if (node.tag !== 'message' || !hasChild(node, 'enc')) return
    const isBacklog = Boolean(node.attrs['offline'])
    if (!isBacklog && !this.#isAnnounced && this.#last === undefined) return
    node.attrs['offline'] ??= 'queued'
    this.#last = node
  }

  /** To be called when a message's decryption begins. */
  began(node: BinaryNode): void {
    if (this.#last === node) this.#last = undefined
  }
}

function hasChild(node: BinaryNode, tag: string): boolean {
  return Array.isArray(node.content) && node.content.some((child) => child.tag === tag)
}
