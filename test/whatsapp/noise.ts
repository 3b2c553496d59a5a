import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
} from 'baileys'

export interface KeyPair {
  private: Uint8Array
  public: Uint8Array
}

/** The keys of a simulated WhatsApp: clients are told `root.public` and believe what it has signed. */
export interface ServerKeys {
  root: KeyPair
  intermediate: KeyPair
  leaf: KeyPair
  /** What an impostor who shows another's certificates has instead of the leaf's private key. */
  static?: KeyPair
}

export function generateServerKeys(): ServerKeys {
  return {
    root: Curve.generateKeyPair(),
    intermediate: Curve.generateKeyPair(),
    leaf: Curve.generateKeyPair(),
  }
}

const empty = Buffer.alloc(0)

function ivOf(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

function certificateChain(keys: ServerKeys): Uint8Array {
  const details = proto.CertChain.NoiseCertificate.Details
  const intermediate = details.encode({ serial: 1, issuerSerial: 0, key: keys.intermediate.public }).finish()
  const leaf = details.encode({ serial: 2, issuerSerial: 1, key: keys.leaf.public }).finish()
  return proto.CertChain.encode({
    intermediate: { details: intermediate, signature: Curve.sign(keys.root.private, intermediate) },
    leaf: { details: leaf, signature: Curve.sign(keys.intermediate.private, leaf) },
  }).finish()
}

/** The server's half of WhatsApp's Noise XX handshake, and the transport cipher after it. */
export class NoiseResponder {
  #hash: Uint8Array = Buffer.from(NOISE_MODE)
  #salt: Uint8Array = this.#hash
  #key: Uint8Array = this.#hash
  #counter = 0
  #ephemeral = Curve.generateKeyPair()
  #sendKey: Uint8Array = empty
  #receiveKey: Uint8Array = empty
  #sent = 0
  #received = 0
  readonly #keys: ServerKeys

  constructor(keys: ServerKeys) {
    this.#keys = keys
    this.#authenticate(NOISE_WA_HEADER)
  }

  /** Takes the client's first frame; gives the answer to send. */
  answerClientHello(frame: Uint8Array): Uint8Array {
    const { clientHello } = proto.HandshakeMessage.decode(frame)
    if (!clientHello?.ephemeral) throw new Error('the first frame is not a client hello')
    this.#authenticate(clientHello.ephemeral)
    this.#authenticate(this.#ephemeral.public)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, clientHello.ephemeral))
    const { leaf, static: own = leaf } = this.#keys
    const encryptedStatic = this.#seal(own.public)
    this.#mix(Curve.sharedKey(own.private, clientHello.ephemeral))
    const payload = this.#seal(certificateChain(this.#keys))
    return proto.HandshakeMessage.encode({
      serverHello: { ephemeral: this.#ephemeral.public, static: encryptedStatic, payload },
    }).finish()
  }

  /** Takes the client's second frame; gives who it is. From here on frames are encrypted. */
  readClientFinish(frame: Uint8Array): { clientStatic: Buffer; payload: proto.ClientPayload } {
    const { clientFinish } = proto.HandshakeMessage.decode(frame)
    if (!clientFinish?.static || !clientFinish.payload)
      throw new Error('the second frame is not a client finish')
    const clientStatic = this.#open(clientFinish.static)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, clientStatic))
    const payload = proto.ClientPayload.decode(this.#open(clientFinish.payload))
    const keys = hkdf(empty, 64, { salt: Buffer.from(this.#salt), info: '' })
    this.#receiveKey = keys.subarray(0, 32)
    this.#sendKey = keys.subarray(32)
    return { clientStatic: Buffer.from(clientStatic), payload }
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return Buffer.from(aesEncryptGCM(plaintext, this.#sendKey, ivOf(this.#sent++), empty))
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    return Buffer.from(aesDecryptGCM(ciphertext, this.#receiveKey, ivOf(this.#received++), empty))
  }

  #authenticate(data: Uint8Array): void {
    this.#hash = sha256(Buffer.concat([this.#hash, data]))
  }

  #mix(secret: Uint8Array): void {
    const keys = hkdf(Buffer.from(secret), 64, { salt: Buffer.from(this.#salt), info: '' })
    this.#salt = keys.subarray(0, 32)
    this.#key = keys.subarray(32)
    this.#counter = 0
  }

  #seal(plaintext: Uint8Array): Uint8Array {
    const sealed = aesEncryptGCM(plaintext, this.#key, ivOf(this.#counter++), this.#hash)
    this.#authenticate(sealed)
    return sealed
  }

  #open(ciphertext: Uint8Array): Uint8Array {
    const plaintext = aesDecryptGCM(ciphertext, this.#key, ivOf(this.#counter++), this.#hash)
    this.#authenticate(ciphertext)
    return plaintext
  }
}
