import type { Curve as BaileysCurve, proto as baileysProto, WA_CERT_DETAILS } from './baileys.ts'

interface Baileys {
  Curve: typeof BaileysCurve
  proto: typeof baileysProto
  WA_CERT_DETAILS: Pick<typeof WA_CERT_DETAILS, 'PUBLIC_KEY'>
}

/**
 * Puts a check into Baileys' handshake that it lacks. It sees that WhatsApp's root has signed the server's certificates,
 * and not that the server has the key that they are for. They are shown to everybody who connects: whoever copied them
 * would pass for WhatsApp with a key of its own.
 *
 * The handshake is one synchronous go: the secret shared with the server's ephemeral key, the one shared with its static
 * key, then the leaf checked by the intermediate, then the intermediate by the root. So when something is checked by the
 * root, the last secret was shared with the static key, and the signature checked before was the leaf's. Should
 * Baileys ever take another order, nobody could log in.
 */
export function requireServerKey({ Curve, proto, WA_CERT_DETAILS: root }: Baileys): void {
  const { sharedKey, verify } = Curve
  const { Details } = proto.CertChain.NoiseCertificate
  let serverKey: Uint8Array = Buffer.alloc(0)
  let leaf: Uint8Array = Buffer.alloc(0)

  const isIssued = (leafDetails: Uint8Array, intermediate: Uint8Array): boolean => {
    const { key, issuerSerial } = Details.decode(leafDetails)
    const isForServer = key?.length === 32 && Buffer.from(key).equals(serverKey)
    return isForServer && issuerSerial === Details.decode(intermediate).serial
  }

  Curve.sharedKey = (privateKey, publicKey) => {
    serverKey = publicKey
    return sharedKey(privateKey, publicKey)
  }
  Curve.verify = (publicKey, message, signature) => {
    const before = leaf
    leaf = message
    const isRoot = Buffer.from(publicKey).equals(root.PUBLIC_KEY)
    return verify(publicKey, message, signature) && (!isRoot || isIssued(before, message))
  }
}
