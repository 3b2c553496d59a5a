import { encodeWAMessage, type proto } from 'baileys'

const plaintexts = new WeakMap<proto.IMessage, Uint8Array>()

/** Stands for bytes that are encrypted as they are, in place of a message and its padding. */
export function rawPlaintext(bytes: Uint8Array): proto.IMessage {
  const message: proto.IMessage = {}
  plaintexts.set(message, bytes)
  return message
}

/** What is encrypted: a message with its padding, or the bytes that stand in its place. */
export function encodePlaintext(message: proto.IMessage): Uint8Array {
  return plaintexts.get(message) ?? encodeWAMessage(message)
}
