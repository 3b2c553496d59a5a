import type { proto } from 'baileys'
import type { Group } from './group.ts'
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
  /** The newest messages, in order; `receivedCount` counts all. */
  readonly received: ReceivedMessage[] = []
  receivedCount = 0
  readonly undecryptable: { id: string; from: string; error: string }[] = []
  /** Confirm each message as phones do by themselves. */
  confirmsDelivery = true
  readonly #waiting = new Set<(message: ReceivedMessage) => void>()

  take(message: ReceivedMessage): void {
    this.received.push(message)
    this.receivedCount += 1
    if (this.received.length > 20_000) this.received.splice(0, 10_000)
    for (const check of this.#waiting) check(message)
  }

  takeUndecryptable(failure: { id: string; from: string; error: string }): void {
    this.undecryptable.push(failure)
    if (this.undecryptable.length > 2_000) this.undecryptable.splice(0, 1_000)
  }

  /** Resolves with the first message that fits, among those received and those to come. */
  waitForMessage(fits: (message: ReceivedMessage) => boolean, timeoutMs = 10_000): Promise<ReceivedMessage> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`${this.name} did not get the message within ${timeoutMs} ms`))
      }, timeoutMs)
      const check = (message: ReceivedMessage) => {
        if (!fits(message)) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(message)
      }
      this.#waiting.add(check)
      const found = this.received.find(fits)
      if (found) check(found)
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

  /** Does something of which those clients are told that asked for this chat's presence since they connected. */
  sendPresence(
    to: Phone,
    presence: 'available' | 'unavailable' | 'composing' | 'recording' | 'paused',
    { group, lastSeen }: { group?: Group; lastSeen?: number } = {},
  ): void {
    const from = group?.jid ?? this.lidJid
    const attributes = { from, participant: group && this.lidJid }
    const isOnline = presence === 'available' || presence === 'unavailable'
    const type = presence === 'available' ? undefined : presence
    const activity = presence === 'recording' ? node('composing', { media: 'audio' }) : node(presence)
    const stanza = isOnline
      ? node('presence', { ...attributes, type, last: lastSeen === undefined ? undefined : `${lastSeen}` })
      : node('chatstate', attributes, [activity])
    for (const companion of to.companions.values())
      if (group ? companion.watched.has(group.jid) : companion.watches(this))
        companion.connection?.send(stanza)
  }

  /** Rings an account. */
  call(to: Phone, id: string, video = false): void {
    const attributes = { 'call-id': id, 'call-creator': this.lidJid, caller_pn: this.knownJid }
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
