import type { proto } from 'baileys'
import { node } from './node.ts'
import { Person } from './person.ts'
import type { Phone } from './phone.ts'

export interface ReceivedMessage {
  id: string
  from: string
  group?: string
  message: proto.Message
}

/** Somebody who writes to accounts and gets what they send, on a phone that decrypts it. */
export class Contact extends Person {
  readonly received: ReceivedMessage[] = []
  readonly undecryptable: { id: string; from: string; error: string }[] = []
  /** Confirm each message as phones do by themselves. */
  confirmsDelivery = true
  readonly #waiting = new Set<() => void>()

  take(message: ReceivedMessage): void {
    this.received.push(message)
    if (this.received.length > 50_000) this.received.splice(0, 25_000)
    for (const check of this.#waiting) check()
  }

  /** Resolves with the first message that fits, among those received and those to come. */
  waitForMessage(fits: (message: ReceivedMessage) => boolean, timeoutMs = 10_000): Promise<ReceivedMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`${this.name} did not get the message within ${timeoutMs} ms`))
      }, timeoutMs)
      const check = () => {
        const found = this.received.find(fits)
        if (!found) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(found)
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Tells an account that its message was delivered (default), read or played. */
  sendReceipt(to: Phone, id: string, type?: 'read' | 'played', group?: string): void {
    to.deliverToAll(
      node('receipt', {
        id,
        from: group ?? this.lidJid,
        participant: group && this.lidJid,
        t: `${this.world.unixNow()}`,
        type,
      }),
      `receipt-${id}-${type ?? 'delivery'}-${this.lid}`,
    )
  }

  sendPresence(to: Phone, presence: 'available' | 'unavailable' | 'composing' | 'paused'): void {
    const from = this.lidJid
    if (presence === 'available' || presence === 'unavailable')
      to.sendToAll(node('presence', { from, type: presence === 'available' ? undefined : presence }))
    else to.sendToAll(node('chatstate', { from }, [node(presence)]))
  }

  /** Rings an account. */
  call(to: Phone, id: string, video = false): void {
    const attributes = { 'call-id': id, 'call-creator': this.lidJid }
    to.deliverToAll(
      node('call', { id: `call-${id}`, from: this.lidJid, t: `${this.world.unixNow()}`, notify: this.name }, [
        node('offer', attributes, [
          node('audio', { enc: 'opus', rate: '16000' }),
          ...(video ? [node('video')] : []),
        ]),
      ]),
      `call-${id}`,
    )
  }
}
