/**
 * The one door to Baileys. libsignal's remedies come first: Baileys binds libsignal's functions when it is imported.
 */
import './libsignal.ts'
import './inflate.ts'
import { Curve, proto, WA_CERT_DETAILS } from 'baileys'
import { requireServerKey } from './server-certificate.ts'

requireServerKey({ Curve, proto, WA_CERT_DETAILS })

export {
  BufferJSON,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  WA_CERT_DETAILS,
  WAMessageStatus,
  WAMessageStubType,
  cleanMessage,
  decodeMessageNode,
  decryptPollVote,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  initAuthCreds,
  isJidGroup,
  isLidUser,
  jidNormalizedUser,
  makeWASocket,
  prepareWAMessageMedia,
  proto,
  toNumber,
  unpadRandomMax16,
} from 'baileys'

export type {
  AuthenticationCreds,
  BinaryNode,
  GroupMetadata,
  SignalDataSet,
  SignalKeyStore,
  SignalKeyStoreWithTransaction,
  SocketConfig,
  WAMessage,
  WAMessageKey,
  WASocket,
} from 'baileys'

/** The client version that WhatsApp is told. Raised together with Baileys; never fetched from anywhere. */
export const whatsAppVersion: [number, number, number] = [2, 3000, 1043857760]

/**
 * Whether a wrong signature is refused, which Baileys without the remedies does not do. False when Baileys was imported
 * before this file: then no session may be run.
 */
export function hasRemedies(): boolean {
  const pair = Curve.generateKeyPair()
  const message = Buffer.from('chatlink')
  const signature = Curve.sign(pair.private, message)
  return (
    Curve.verify(pair.public, message, signature) && !Curve.verify(pair.public, Buffer.from('x'), signature)
  )
}
