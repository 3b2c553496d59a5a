import { Curve, generateSignalPubKey, proto } from 'baileys'
import { createCipheriv, createHmac, hkdfSync, randomBytes, randomInt } from 'node:crypto'
import { calculateSignature } from 'whatsapp-rust-bridge'
import type { Companion } from './companion.ts'
import { encodePlaintext } from './plaintext.ts'

/** Signal's version 3, in both halves of the byte. */
const version = Buffer.from([0x33])

/**
 * The sending half of a sender key: one device's messages to one group, each encrypted once for all members.
 *
 * Baileys' own leaves out every second message key, keeps those for ever and signs in plain JavaScript, 6 ms a message;
 * this one numbers messages 0, 1, 2 … as phones do, keeps nothing, and signs in WebAssembly.
 */
export class GroupSender {
  /** The clients that have the key already. */
  readonly knownBy = new WeakSet<Companion>()
  readonly #id = randomInt(2 ** 31 - 1)
  readonly #signing = Curve.generateKeyPair()
  #chainKey = randomBytes(32)
  #iteration = 0

  /** What lets a member read all messages from the next one on. */
  distribution(groupId: string): proto.IMessage {
    const message = proto.SenderKeyDistributionMessage.encode({
      id: this.#id,
      iteration: this.#iteration,
      chainKey: this.#chainKey,
      signingKey: generateSignalPubKey(this.#signing.public),
    }).finish()
    const axolotlSenderKeyDistributionMessage = Buffer.concat([version, message])
    return { senderKeyDistributionMessage: { groupId, axolotlSenderKeyDistributionMessage } }
  }

  encrypt(content: proto.IMessage): Uint8Array {
    const seed = createHmac('sha256', this.#chainKey)
      .update(Buffer.from([1]))
      .digest()
    const keys = Buffer.from(hkdfSync('sha256', seed, Buffer.alloc(32), 'WhisperGroup', 48))
    const cipher = createCipheriv('aes-256-cbc', keys.subarray(16), keys.subarray(0, 16))
    const ciphertext = Buffer.concat([cipher.update(encodePlaintext(content)), cipher.final()])
    const message = proto.SenderKeyMessage.encode({
      id: this.#id,
      iteration: this.#iteration,
      ciphertext,
    }).finish()
    this.#chainKey = createHmac('sha256', this.#chainKey)
      .update(Buffer.from([2]))
      .digest()
    this.#iteration += 1
    const signed = Buffer.concat([version, message])
    return Buffer.concat([signed, calculateSignature(this.#signing.private, signed)])
  }
}
