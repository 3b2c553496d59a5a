import { type BinaryNode, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { Companion, type Receipt } from './companion.ts'
import { Contact } from './contact.ts'
import { type Content, encodeContent } from './content.ts'
import type { Group } from './group.ts'
import { node } from './node.ts'
import { Person, type SentMessage } from './person.ts'
import { answerCode } from './pairing-code.ts'
import type { Sign } from './sign.ts'
import type { Reupload } from './reupload.ts'
import { acceptDevice, readQr, type Registration } from './registration.ts'

/** The phone that owns an account: it scans QRs, is itself a device of the account, and can unlink clients. */
export class Phone extends Person {
  readonly companions = new Map<number, Companion>()
  /** What this phone learned of messages that the account's clients sent. */
  readonly sentByCompanions: { id: string; message: proto.Message }[] = []
  /** Reason with which the server refuses the next logins of this account, such as 403 or 405. */
  loginFailure: string | undefined
  /** What it shares with a client that has just been linked, a chunk each. */
  history: proto.IHistorySync[] = [{}]
  /** Messages that this phone alone can read. */
  readonly readable = new Map<string, proto.IWebMessageInfo>()
  /** Files that it still has when WhatsApp has them no more, by message. */
  readonly keptFiles = new Map<string, Reupload>()
  /** Whom the account has blocked. */
  readonly blocked = new Set<Person>()
  /** The profile picture that a linked client has given it. */
  picture: Buffer | undefined
  /** The name that a linked client has given it. */
  chosenName: string | undefined
  /** Keys of the state that the account's devices share, by id in base64. */
  readonly stateKeys = new Map<string, proto.Message.IAppStateSyncKeyData>()
  /** What its linked clients lately let others see. */
  readonly signs: Sign[] = []
  #nextDevice = 1
  readonly #waiting = new Set<() => void>()
  readonly #receiptListeners = new Set<(receipt: Receipt) => void>()

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

  noteSign(sign: Sign | undefined): void {
    if (sign === undefined) return
    this.signs.push(sign)
    if (this.signs.length > 1000) this.signs.splice(0, 500)
  }

  /** Calls back at each message receipt of any linked client, in the moment in which the server sees it. */
  onReceipt(listener: (receipt: Receipt) => void): void {
    this.#receiptListeners.add(listener)
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
    companion.onReceipt.add((receipt) => {
      for (const listener of this.#receiptListeners) listener(receipt)
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

  /** The network towards the client goes silent until `thaw`, the connection stays. */
  freeze(): void {
    this.companion?.connection?.freeze()
  }

  thaw(): void {
    this.companion?.connection?.thaw()
  }

  /** Keeps what is sent to the client until `release`, which may send it in another order. */
  hold(): void {
    this.companion?.hold()
  }

  release(...firstIds: string[]): void {
    this.companion?.release(firstIds)
  }

  /** Sends from the phone itself; linked clients get a copy. */
  async sendFromPhone(to: Person | Group, content: Content): Promise<SentMessage> {
    const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`
    if ('members' in to) {
      const sent = await this.send(to, content, { id })
      for (const member of to.members) this.#reach(member, sent, to.jid)
      return sent
    }
    const chat = to.lidJid
    const message = await encodeContent(content, this.world.mediaHost, chat)
    const sent = { id, timestamp: this.world.unixNow(), message }
    if (to instanceof Phone) await this.send(to, { raw: message }, { id })
    this.#reach(to, sent)
    const { messageContextInfo, ...inner } = message
    const copy: proto.IMessage = {
      ...(messageContextInfo && { messageContextInfo }),
      deviceSentMessage: { destinationJid: chat, message: inner },
    }
    for (const companion of this.companions.values())
      await this.#deliverOwn(companion, copy, {
        id: sent.id,
        t: `${sent.timestamp}`,
        type: 'text',
        notify: this.name,
        from: this.lidJid,
        recipient: chat,
        peer_recipient_pn: to.knownJid,
        addressing_mode: 'lid',
      })
    return sent
  }

  /** A contact's phone reads it at once; nobody looks at how that got there. */
  #reach(person: Person, { id, message }: SentMessage, group?: string): void {
    if (person instanceof Contact)
      person.take({
        id,
        from: this.lidJid,
        ...(group && { group }),
        message: proto.Message.fromObject(message),
      })
  }

  async takeOwn(sent: { id: string; message: proto.Message }, companion: Companion): Promise<void> {
    const { protocolMessage } = sent.message.deviceSentMessage?.message ?? sent.message
    const request = protocolMessage?.peerDataOperationRequestMessage
    if (request) return this.#answerRequest(sent.id, request, companion)
    this.sentByCompanions.push(sent)
    if (this.sentByCompanions.length > 10_000) this.sentByCompanions.splice(0, 5_000)
  }

  deliverToAll(stanza: BinaryNode, key: string): void {
    for (const companion of this.companions.values()) {
      companion.deliver(stanza, {}, key)
    }
  }

  /** What the phone tells a client that has just been linked: the key of the application state, and the history. */
  async greet(companion: Companion): Promise<void> {
    const { Type } = proto.Message.ProtocolMessage
    const keyId = { keyId: randomBytes(6) }
    const keyData = {
      keyData: randomBytes(32),
      fingerprint: { rawId: 1, currentIndex: 0 },
      timestamp: Date.now(),
    }
    this.stateKeys.set(keyId.keyId.toString('base64'), keyData)
    await this.tellClient(companion, {
      type: Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId, keyData }] },
    })
    for (const [index, chunk] of this.history.entries()) {
      await this.shareHistory(companion, chunk, { chunkOrder: index + 1 })
    }
  }

  /** Shares one chunk of history; bytes are taken for a chunk that is packed already. */
  async shareHistory(
    companion: Companion,
    chunk: proto.IHistorySync | Uint8Array,
    { chunkOrder = 1 } = {},
  ): Promise<void> {
    const { INITIAL_BOOTSTRAP, RECENT } = proto.HistorySync.HistorySyncType
    const syncType = chunkOrder === 1 ? INITIAL_BOOTSTRAP : RECENT
    const described = { syncType, progress: 100, chunkOrder }
    const initialHistBootstrapInlinePayload =
      chunk instanceof Uint8Array
        ? chunk
        : deflateSync(proto.HistorySync.encode({ ...described, ...chunk }).finish())
    await this.tellClient(companion, {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: { ...described, initialHistBootstrapInlinePayload },
    })
  }

  /** A channel that the account follows posts something: nothing of it is encrypted. */
  receivePost(channel: string, message: proto.IMessage): string {
    const id = this.world.nextId()
    const attributes = { id, from: channel, server_id: '100', type: 'text', t: `${this.world.unixNow()}` }
    const body = node('plaintext', {}, proto.Message.encode(message).finish())
    this.deliverToAll(node('message', attributes, [body]), id)
    return id
  }

  /** Sends a linked client what only the account's own phone may say. */
  async tellClient(companion: Companion, protocolMessage: proto.Message.IProtocolMessage): Promise<void> {
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

  /** A client asks for messages that it got without content. */
  async #answerRequest(
    stanzaId: string,
    {
      peerDataOperationRequestType,
      placeholderMessageResendRequest,
    }: proto.Message.IPeerDataOperationRequestMessage,
    companion: Companion,
  ): Promise<void> {
    const found = (placeholderMessageResendRequest ?? []).flatMap(
      ({ messageKey }) => this.readable.get(messageKey?.id ?? '') ?? [],
    )
    await this.tellClient(companion, {
      type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        stanzaId,
        ...(peerDataOperationRequestType && { peerDataOperationRequestType }),
        peerDataOperationResult: found.map((message) => ({
          placeholderMessageResendResponse: {
            webMessageInfoBytes: proto.WebMessageInfo.encode(message).finish(),
          },
        })),
      },
    })
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
    companion.deliver(await build(false), { renew: () => build(true) })
  }
}

function readSecret(secretOf: (finish: BinaryNode) => Uint8Array, finish: BinaryNode): Uint8Array {
  try {
    return secretOf(finish)
  } catch {
    throw new Error('the client shows another pairing code: type that one')
  }
}
