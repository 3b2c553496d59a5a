import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  hkdf,
} from 'baileys'
import { randomBytes } from 'node:crypto'
import { bytesOf, child, node } from './node.ts'

/** A client that shows a pairing code, from its `companion_hello` on. */
export interface CodeRequest {
  jid: string
  ref: Buffer
  /** Salt (32 bytes), IV (16) and the client's ephemeral key, encrypted under the code. */
  wrappedKey: Buffer
  /** Set when the phone has answered; called with the client's `companion_finish`. */
  finish?: (stanza: BinaryNode) => void
}

export function readCodeRequest(hello: BinaryNode): CodeRequest {
  return {
    jid: hello.attrs['jid']!,
    ref: randomBytes(16),
    wrappedKey: bytesOf(child(hello, 'link_code_pairing_wrapped_companion_ephemeral_pub')),
  }
}

interface KeyPair {
  private: Uint8Array
  public: Uint8Array
}

interface CodeAnswer {
  /** The stanza for the client. */
  hello: BinaryNode
  /** Reads the client's answer to it; throws when the code was another one. */
  secretOf: (finish: BinaryNode) => Uint8Array
}

/** What a phone does when its owner types a code: the ADV secret, which a QR would have shown, comes of three key agreements. */
export async function answerCode(
  request: CodeRequest,
  code: string,
  phoneIdentity: KeyPair,
  attributes: { id: string; t: string },
): Promise<CodeAnswer> {
  const [salt, iv, wrapped] = [0, 32, 48].map((start, index) =>
    request.wrappedKey.subarray(start, [32, 48, 80][index]),
  ) as [Buffer, Buffer, Buffer]
  const clientKey = aesDecryptCTR(wrapped, await derivePairingCodeKey(code, salt), iv)
  const ephemeral = Curve.generateKeyPair()
  const ownSalt = randomBytes(32)
  const ownIv = randomBytes(16)
  const ownWrapped = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, ownSalt), ownIv)
  const hello = node(
    'notification',
    { from: '@s.whatsapp.net', type: 'link_code_companion_reg', ...attributes },
    [
      node('link_code_companion_reg', { stage: 'primary_hello' }, [
        node(
          'link_code_pairing_wrapped_primary_ephemeral_pub',
          {},
          Buffer.concat([ownSalt, ownIv, ownWrapped]),
        ),
        node('primary_identity_pub', {}, phoneIdentity.public),
        node('link_code_pairing_ref', {}, request.ref),
      ]),
    ],
  )
  const secretOf = (finish: BinaryNode) => {
    const bundle = bytesOf(child(finish, 'link_code_pairing_wrapped_key_bundle'))
    const shared = Curve.sharedKey(ephemeral.private, clientKey)
    const info = 'link_code_pairing_key_bundle_encryption_key'
    const key = hkdf(shared, 32, { salt: bundle.subarray(0, 32), info })
    const keys = aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0))
    const identityShared = Curve.sharedKey(phoneIdentity.private, keys.subarray(0, 32))
    return hkdf(Buffer.concat([shared, identityShared, keys.subarray(64)]), 32, { info: 'adv_secret' })
  }
  return { hello, secretOf }
}
