import type { BinaryNode, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import type { Connection } from './connection.ts'
import type { Person } from './person.ts'
import { bytesOf, child, children, node } from './node.ts'
import { bundleNode } from './signal-device.ts'

interface Pending {
  stanza: BinaryNode
  /** Encrypts the same message anew, after the client asked for a retry. */
  renew?: () => Promise<BinaryNode>
  /** Asks another client, who encrypted the message, for it again. */
  askAuthor?: (receipt: BinaryNode) => void
}

export interface Receipt {
  id: string
  type: string
  at: number
}

/**
 * A linked client: what the server knows of its keys, and what it has not yet receipted. A stanza stays in the outbox,
 * in order, until its receipt (or ack) comes; at each login the outbox is sent as the offline backlog.
 */
export class Companion {
  readonly device: number
  readonly noiseStatic: Buffer
  readonly outbox = new Map<string, Pending>()
  readonly receipts: Receipt[] = []
  /** Messages that the client could not read at once, and asked for again. */
  readonly askedAgain = new Set<string>()
  readonly onReceipt = new Set<(receipt: Receipt) => void>()
  /** Ids of messages of other clients that this one could not read and has asked for again. */
  readonly missing = new Set<string>()
  /** Chats whose presence it asked for since it connected. */
  readonly watched = new Set<string>()
  connection: Connection | undefined
  /** True once the client has asked for its backlog; before, stanzas only gather. */
  isActive = false
  loginCount = 0
  #identity: Uint8Array
  #registrationId: number
  #signed: { id: number; value: Uint8Array; signature: Uint8Array }
  #preKeys: { id: number; value: Uint8Array }[] = []
  #isAskedForKeys = false
  #held: string[] | undefined

  constructor(
    device: number,
    noiseStatic: Buffer,
    pairing: proto.ClientPayload.IDevicePairingRegistrationData,
  ) {
    this.device = device
    this.noiseStatic = noiseStatic
    this.#identity = pairing.eIdent!
    this.#registrationId = Buffer.from(pairing.eRegid!).readUInt32BE()
    this.#signed = {
      id: Buffer.from(pairing.eSkeyId!).readUIntBE(0, 3),
      value: pairing.eSkeyVal!,
      signature: pairing.eSkeySig!,
    }
  }

  get identity(): Uint8Array {
    return this.#identity
  }

  get preKeyCount(): number {
    return this.#preKeys.length
  }

  /** Takes "encrypt set": new one-time keys, or a new signed one. */
  takeKeys(iq: BinaryNode): void {
    const read = (key: BinaryNode) => ({
      id: bytesOf(child(key, 'id')).readUIntBE(0, 3),
      value: bytesOf(child(key, 'value')),
    })
    const signed = child(iq, 'skey') ?? child(child(iq, 'rotate'), 'skey')
    if (signed) this.#signed = { ...read(signed), signature: bytesOf(child(signed, 'signature')) }
    this.#preKeys.push(...children(child(iq, 'list')).map(read))
    this.#isAskedForKeys = false
  }

  bundle(jid: string): BinaryNode {
    const bundle = bundleNode(jid, this.#registrationId, this.#identity, this.#signed, this.#preKeys.shift())
    if (this.#preKeys.length < 5 && !this.#isAskedForKeys) this.#askForKeys()
    return bundle
  }

  /** Sends a stanza that must be receipted; keeps it until it is. */
  deliver(stanza: BinaryNode, more: Omit<Pending, 'stanza'> = {}, key = stanza.attrs['id']!): void {
    this.outbox.set(key, { stanza, ...more })
    if (this.#held) this.#held.push(key)
    else if (this.isActive) this.connection?.send(stanza)
  }

  /** Keeps what comes until `release`. */
  hold(): void {
    this.#held ??= []
  }

  /** Sends what was held: first these ids, in this order, then the others as they came. */
  release(firstIds: string[]): void {
    const keys = new Set([...firstIds, ...(this.#held ?? [])])
    this.#held = undefined
    for (const key of keys) {
      const stanza = this.outbox.get(key)?.stanza
      if (stanza && this.isActive) this.connection?.send(stanza)
    }
  }

  /** Whether it asked for somebody's presence, by number or by LID. */
  watches({ pnJid, lidJid }: Person): boolean {
    return this.isActive && (this.watched.has(lidJid) || (pnJid !== undefined && this.watched.has(pnJid)))
  }

  sendBacklog(): void {
    this.isActive = true
    this.#held = undefined
    const backlog = [...this.outbox.values()]
    if (backlog.length > 0)
      this.connection?.send(
        node('ib', { from: 's.whatsapp.net' }, [
          node('offline_preview', {
            count: `${backlog.length}`,
            message: `${backlog.length}`,
            notification: '0',
            receipt: '0',
          }),
        ]),
      )
    for (const [index, { stanza }] of backlog.entries())
      this.connection?.send({ ...stanza, attrs: { ...stanza.attrs, offline: `${index}` } })
    this.connection?.send(node('ib', {}, [node('offline', { count: `${backlog.length}` })]))
  }

  confirm(id: string, type: string, at: number): void {
    this.outbox.delete(id)
    const receipt = { id, type, at }
    this.receipts.push(receipt)
    if (this.receipts.length > 100_000) this.receipts.splice(0, 50_000)
    for (const listener of this.onReceipt) listener(receipt)
  }

  /** The client could not read a message: it is encrypted anew, in a new session, by whoever wrote it. */
  async retry(id: string, receipt: BinaryNode): Promise<void> {
    this.askedAgain.add(id)
    if (this.askedAgain.size > 10_000) this.askedAgain.clear()
    const pending = this.outbox.get(id)
    if (pending?.askAuthor) {
      this.missing.add(id)
      pending.askAuthor(receipt)
    }
    if (!pending?.renew) return
    pending.stanza = await pending.renew()
    if (this.isActive) this.connection?.send(pending.stanza)
  }

  #askForKeys(): void {
    this.#isAskedForKeys = true
    const id = `prekeys-${randomBytes(4).toString('hex')}`
    const count = node('count', { value: `${this.#preKeys.length}` })
    this.deliver(node('notification', { id, type: 'encrypt', from: '@s.whatsapp.net' }, [count]))
  }
}
