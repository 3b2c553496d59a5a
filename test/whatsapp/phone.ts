import { type BinaryNode, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { Companion, type Receipt } from './companion.ts'
import { type Content, encodeContent } from './content.ts'
import type { Group } from './group.ts'
import { node } from './node.ts'
import { Person, type SentMessage } from './person.ts'
import { answerCode } from './pairing-code.ts'
import { acceptDevice, readQr, type Registration } from './registration.ts'

/** The phone that owns an account: it scans QRs, is itself a device of the account, and can unlink clients. */
export class Phone extends Person {
  readonly companions = new Map<number, Companion>()
  /** What this phone learned of messages that the account's clients sent. */
  readonly sentByCompanions: { id: string; message: proto.Message }[] = []
  /** Reason with which the server refuses the next logins of this account, such as 403 or 405. */
  loginFailure: string | undefined
  #nextDevice = 1
  readonly #waiting = new Set<() => void>()

  /** The newest linked client; most accounts have one. */
  get companion(): Companion | undefined {
    return [...this.companions.values()].at(-1)
  }

  get isConnected(): boolean {
    return this.companion?.isActive === true && this.companion.connection?.isOpen === true
  }

  /** Messages that WhatsApp still keeps for the client, unreceipted. */
  get pending(): string[] {
    return [...(this.companion?.outbox.keys() ?? [])]
  }

  get receipts(): Receipt[] {
    return this.companion?.receipts ?? []
  }

  /** Calls back at each message receipt, in the moment in which the server sees it. */
  onReceipt(listener: (receipt: Receipt) => void): void {
    this.companion?.onReceipt.add(listener)
  }

  deviceJid(companion: Companion): string {
    return `${this.lid}:${companion.device}@lid`
  }

  /** Links the client that shows this QR; resolves when the client has confirmed. */
  async scan(qrText: string): Promise<void> {
    const qr = readQr(qrText)
    const registration = this.world.registrationOf(qr.ref)
    if (!registration) throw new Error('this QR has expired or was never shown: get a new one')
    await this.link(registration, qr.advSecret)
  }

  /** Types the pairing code that a client shows for this number; rejects when it is another code. */
  async enterPairingCode(code: string): Promise<void> {
    const registration = this.world.registrationFor(this.pnJid!)
    const request = registration?.code
    if (!registration || !request) throw new Error(`no client shows a pairing code for ${this.number}`)
    const attributes = { id: this.world.nextId(), t: `${this.world.unixNow()}` }
    const identity = this.device.creds.signedIdentityKey
    const { hello, secretOf } = await answerCode(request, code, identity, attributes)
    const finished = new Promise<BinaryNode>((resolve) => (request.finish = resolve))
    registration.connection.send(hello)
    await this.link(registration, readSecret(secretOf, await finished))
  }

  async link(registration: Registration, advSecret: Uint8Array): Promise<void> {
    const device = this.#nextDevice++
    const companion = new Companion(device, registration.noiseStatic, registration.pairing)
    await acceptDevice(registration, {
      id: this.world.nextId(),
      phoneIdentity: this.device.creds.signedIdentityKey,
      keyIndex: device,
      jid: `${this.number}:${device}@s.whatsapp.net`,
      lid: this.deviceJid(companion),
      advSecret,
      now: this.world.unixNow(),
    })
    this.companions.set(device, companion)
    registration.connection.endWithStreamError('515')
  }

  /** Removes a linked client, as the phone's "linked devices" does. */
  unlink(companion = this.companion): void {
    if (!companion) return
    this.companions.delete(companion.device)
    companion.connection?.endWithStreamError('401', [node('conflict', { type: 'device_removed' })])
  }

  dropConnection(): void {
    this.companion?.connection?.drop()
  }

  /** Sends from the phone itself; linked clients get a copy. */
  async sendFromPhone(to: Person | Group, content: Content): Promise<SentMessage> {
    const chat = 'members' in to ? to.jid : to.lidJid
    const message = await encodeContent(content, this.world.mediaHost, chat)
    const sent = {
      id: `3A${randomBytes(9).toString('hex').toUpperCase()}`,
      timestamp: this.world.unixNow(),
      message,
    }
    const copy: proto.IMessage = { deviceSentMessage: { destinationJid: chat, message } }
    for (const companion of this.companions.values())
      await this.#deliverOwn(companion, copy, {
        id: sent.id,
        t: `${sent.timestamp}`,
        type: 'text',
        notify: this.name,
        from: this.lidJid,
        recipient: chat,
        peer_recipient_pn: 'members' in to ? undefined : to.knownJid,
        addressing_mode: 'lid',
      })
    return sent
  }

  deliverToAll(stanza: BinaryNode, key: string): void {
    for (const companion of this.companions.values()) {
      companion.outbox.set(key, { stanza })
      if (companion.isActive) companion.connection?.send(stanza)
    }
  }

  sendToAll(stanza: BinaryNode): void {
    for (const companion of this.companions.values())
      if (companion.isActive) companion.connection?.send(stanza)
  }

  /** What the phone tells a client that has just been linked: the key of the application state, and the history. */
  async greet(companion: Companion, history: proto.IHistorySync = {}): Promise<void> {
    const { Type } = proto.Message.ProtocolMessage
    const keyId = { keyId: randomBytes(6) }
    const keyData = {
      keyData: randomBytes(32),
      fingerprint: { rawId: 1, currentIndex: 0 },
      timestamp: Date.now(),
    }
    const payload = deflateSync(
      proto.HistorySync.encode({
        syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
        progress: 100,
        ...history,
      }).finish(),
    )
    const messages: proto.Message.IProtocolMessage[] = [
      { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys: [{ keyId, keyData }] } },
      {
        type: Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          syncType: proto.Message.HistorySyncType.INITIAL_BOOTSTRAP,
          initialHistBootstrapInlinePayload: payload,
          chunkOrder: 1,
          progress: 100,
        },
      },
    ]
    for (const protocolMessage of messages)
      await this.#deliverOwn(
        companion,
        { protocolMessage },
        {
          id: this.world.nextId(),
          t: `${this.world.unixNow()}`,
          type: 'text',
          category: 'peer',
          notify: this.name,
          from: this.pnJid,
        },
      )
  }

  async waitUntilConnected(timeoutMs = 15_000): Promise<void> {
    if (this.isConnected) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`the client of ${this.name} did not connect within ${timeoutMs} ms`))
      }, timeoutMs)
      const check = () => {
        if (!this.isConnected) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
    })
  }

  connectionChanged(): void {
    for (const check of this.#waiting) check()
  }

  async #deliverOwn(
    companion: Companion,
    message: proto.IMessage,
    attributes: Record<string, string | undefined>,
  ) {
    const jid = this.deviceJid(companion)
    const build = async (renew: boolean) => {
      const { type, bytes } = await this.device.encrypt(
        jid,
        message,
        async () => companion.bundle(jid),
        renew,
      )
      return node('message', attributes, [node('enc', { v: '2', type }, bytes)])
    }
    companion.deliver(await build(false), () => build(true))
  }
}

function readSecret(secretOf: (finish: BinaryNode) => Uint8Array, finish: BinaryNode): Uint8Array {
  try {
    return secretOf(finish)
  } catch {
    throw new Error('the client shows another pairing code: type that one')
  }
}
