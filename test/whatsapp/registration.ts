import { type BinaryNode, Curve, hmacSign, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import type { Connection } from './connection.ts'
import { bytesOf, child, node } from './node.ts'
import type { CodeRequest } from './pairing-code.ts'

/** A client that asks to be linked, from its first frame until a phone has accepted it. */
export interface Registration {
  connection: Connection
  noiseStatic: Buffer
  pairing: proto.ClientPayload.IDevicePairingRegistrationData
  refs: string[]
  /** The client also shows a pairing code. */
  code?: CodeRequest
  /** Set when a phone has accepted; the client's confirmation ends it. */
  accepted?: {
    phoneIdentity: Uint8Array
    details: Uint8Array
    accountSignature: Uint8Array
    confirm: () => void
  }
}

export function newRefs(): string[] {
  return Array.from({ length: 6 }, () => `2@${randomBytes(33).toString('base64')}`)
}

export function pairDevice(id: string, refs: string[]): BinaryNode {
  return node('iq', { from: '@s.whatsapp.net', type: 'set', id, xmlns: 'md' }, [
    node(
      'pair-device',
      {},
      refs.map((ref) => node('ref', {}, Buffer.from(ref))),
    ),
  ])
}

export interface QrContent {
  ref: string
  noise: Buffer
  identity: Buffer
  advSecret: Buffer
}

/** Reads what a phone's camera sees: the text of a QR, a URL with the four parts behind `#`, or the parts alone. */
export function readQr(text: string): QrContent {
  const parts = text.slice(text.indexOf('#') + 1).split(',')
  if (parts.length < 4) throw new Error('this is not the text of a WhatsApp QR')
  const [ref, noise, identity, advSecret] = parts as [string, string, string, string]
  const bytes = (part: string) => Buffer.from(part, 'base64')
  return { ref, noise: bytes(noise), identity: bytes(identity), advSecret: bytes(advSecret) }
}

interface Acceptance {
  id: string
  phoneIdentity: { private: Uint8Array; public: Uint8Array }
  keyIndex: number
  jid: string
  lid: string
  advSecret: Uint8Array
  now: number
}

/** What a phone answers to a client: its signature over the client's identity, sealed with the QR's secret. */
export function acceptDevice(registration: Registration, acceptance: Acceptance): Promise<void> {
  const { id, phoneIdentity, keyIndex, jid, lid, advSecret, now } = acceptance
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomBytes(3).readUIntBE(0, 3),
    timestamp: now,
    keyIndex,
    accountType: 0,
    deviceType: 0,
  }).finish()
  const companionIdentity = registration.pairing.eIdent!
  const accountSignature = Curve.sign(
    phoneIdentity.private,
    Buffer.concat([Buffer.from([6, 0]), details, companionIdentity]),
  )
  const signed = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: phoneIdentity.public,
    accountSignature,
  }).finish()
  const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({
    details: signed,
    hmac: hmacSign(signed, advSecret),
  }).finish()
  return new Promise((resolve) => {
    registration.accepted = {
      phoneIdentity: phoneIdentity.public,
      details,
      accountSignature,
      confirm: resolve,
    }
    registration.connection.send(
      node('iq', { from: '@s.whatsapp.net', type: 'set', id, xmlns: 'md', t: `${now}` }, [
        node('pair-success', {}, [
          node('device-identity', {}, sealed),
          node('device', { jid, lid }),
          node('platform', { name: 'android' }),
        ]),
      ]),
    )
  })
}

/** Checks the client's own signature in its answer to `pair-success`. */
export function isConfirmedBy(registration: Registration, iq: BinaryNode): boolean {
  const { accepted } = registration
  const element = child(child(iq, 'pair-device-sign'), 'device-identity')
  if (!accepted || !element) return false
  const { deviceSignature } = proto.ADVSignedDeviceIdentity.decode(bytesOf(element))
  const identity = registration.pairing.eIdent!
  const message = Buffer.concat([Buffer.from([6, 1]), accepted.details, identity, accepted.phoneIdentity])
  return !!deviceSignature && Curve.verify(identity, message, deviceSignature)
}
