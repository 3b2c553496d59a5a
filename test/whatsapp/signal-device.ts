import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  proto,
  type SignalDataTypeMap,
  type SignalKeyStore,
  unpadRandomMax16,
} from 'baileys'
import pino from 'pino'
import type { BinaryNode } from 'baileys'
import { bytesOf, child, node, numberBytes } from './node.ts'
import { encodePlaintext } from './plaintext.ts'
import { GroupSender } from './sender-key.ts'

const silent = pino({ level: 'silent' })

export interface Ciphertext {
  type: 'pkmsg' | 'msg' | 'skmsg'
  bytes: Uint8Array
}

function memoryStore(values: Map<string, unknown>): SignalKeyStore {
  return {
    get: async <Type extends keyof SignalDataTypeMap>(type: Type, ids: string[]) => {
      const found: Record<string, SignalDataTypeMap[Type]> = {}
      for (const id of ids) {
        const value = values.get(`${type}/${id}`)
        if (value !== undefined) found[id] = value as SignalDataTypeMap[Type]
      }
      return found
    },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data))
        for (const [id, value] of Object.entries(entries ?? {})) {
          if (value === null) values.delete(`${type}/${id}`)
          else values.set(`${type}/${id}`, type === 'sender-key' ? withPlainBuffers(value as Buffer) : value)
        }
    },
  }
}

/** Baileys stores the keys inside a sender key as JSON objects and cannot read them back; base64 it can. */
function withPlainBuffers(value: Uint8Array): Buffer {
  const text = Buffer.from(value).toString()
  const fixed = JSON.stringify(JSON.parse(text), (_, entry: unknown) => {
    const buffer = entry as { type?: string; data?: unknown } | null
    if (buffer?.type !== 'Buffer' || !Array.isArray(buffer.data)) return entry
    return { type: 'Buffer', data: Buffer.from(buffer.data as number[]).toString('base64') }
  })
  return Buffer.from(fixed)
}

/** One device with its own Signal identity: a contact's phone or the phone of an account. Encrypts and decrypts for real. */
export class SignalDevice {
  readonly creds = initAuthCreds()
  readonly #values = new Map<string, unknown>()
  readonly #keys = addTransactionCapability(memoryStore(this.#values), silent, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 1,
  })
  readonly #repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
    { creds: this.creds, keys: this.#keys },
    silent,
    async () => [],
  )
  readonly #sessions = new Set<string>()
  readonly #groups = new Map<string, GroupSender>()
  #nextPreKey = 1

  get identity(): Uint8Array {
    return this.creds.signedIdentityKey.public
  }

  /** A `<user>` of the answer to "encrypt get key": what a stranger needs to write to this device. */
  async bundle(jid: string): Promise<BinaryNode> {
    const id = this.#nextPreKey++
    const preKey = Curve.generateKeyPair()
    await this.#keys.set({ 'pre-key': { [id]: preKey } })
    const { signedPreKey, registrationId } = this.creds
    return bundleNode(
      jid,
      registrationId,
      this.identity,
      {
        id: signedPreKey.keyId,
        value: signedPreKey.keyPair.public,
        signature: signedPreKey.signature,
      },
      { id, value: preKey.public },
    )
  }

  /** Encrypts for another device; `bundleOf` is asked for its keys when there is no session yet (or `renew`). */
  async encrypt(
    jid: string,
    message: proto.IMessage,
    bundleOf: () => Promise<BinaryNode>,
    renew = false,
  ): Promise<Ciphertext> {
    if (renew || !this.#sessions.has(jid)) {
      await this.#repository.injectE2ESession({ jid, session: readBundle(await bundleOf()) })
      this.#sessions.add(jid)
    }
    const { type, ciphertext } = await this.#repository.encryptMessage({
      jid,
      data: encodePlaintext(message),
    })
    return { type, bytes: ciphertext }
  }

  async decrypt(jid: string, { type, bytes }: Ciphertext): Promise<proto.Message> {
    const ciphertext = Buffer.from(bytes)
    const plaintext = await this.#repository.decryptMessage({
      jid,
      type: type as 'pkmsg' | 'msg',
      ciphertext,
    })
    this.#sessions.add(jid)
    return proto.Message.decode(unpadRandomMax16(plaintext))
  }

  groupSender(group: string): GroupSender {
    const sender = this.#groups.get(group) ?? new GroupSender()
    this.#groups.set(group, sender)
    return sender
  }

  /** Loses all sessions and sender keys of others, as after a restored backup: what comes next cannot be read. */
  forgetSessions(): void {
    for (const key of this.#values.keys()) if (/^(session|sender-key)\//.test(key)) this.#values.delete(key)
    this.#sessions.clear()
  }

  async readSenderKey(group: string, authorJid: string, message: proto.Message): Promise<void> {
    const item = message.senderKeyDistributionMessage
    if (!item) return
    await this.#repository.processSenderKeyDistributionMessage({
      authorJid,
      item: { ...item, groupId: group },
    })
  }

  async decryptGroup(group: string, authorJid: string, bytes: Uint8Array): Promise<proto.Message> {
    const plaintext = await this.#repository.decryptGroupMessage({ group, authorJid, msg: bytes })
    return proto.Message.decode(unpadRandomMax16(plaintext))
  }
}

interface PublicKey {
  id: number
  value: Uint8Array
}

export function bundleNode(
  jid: string,
  registrationId: number,
  identity: Uint8Array,
  signed: PublicKey & { signature: Uint8Array },
  preKey?: PublicKey,
): BinaryNode {
  const key = (tag: string, { id, value }: PublicKey, more: BinaryNode[] = []) =>
    node(tag, {}, [node('id', {}, numberBytes(id, 3)), node('value', {}, value), ...more])
  return node('user', { jid }, [
    node('registration', {}, numberBytes(registrationId, 4)),
    node('type', {}, Buffer.from([5])),
    node('identity', {}, identity),
    key('skey', signed, [node('signature', {}, signed.signature)]),
    ...(preKey ? [key('key', preKey)] : []),
  ])
}

function readBundle(user: BinaryNode) {
  const withVersion = (key: Buffer) => Buffer.concat([Buffer.from([5]), key])
  const publicKey = (key: BinaryNode) => ({
    keyId: bytesOf(child(key, 'id')).readUIntBE(0, 3),
    publicKey: withVersion(bytesOf(child(key, 'value'))),
  })
  const signed = child(user, 'skey')!
  const preKey = child(user, 'key')
  return {
    registrationId: bytesOf(child(user, 'registration')).readUIntBE(0, 4),
    identityKey: withVersion(bytesOf(child(user, 'identity'))),
    signedPreKey: { ...publicKey(signed), signature: bytesOf(child(signed, 'signature')) },
    preKey: preKey && publicKey(preKey),
  } as Parameters<
    ReturnType<typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository>['injectE2ESession']
  >[0]['session']
}
