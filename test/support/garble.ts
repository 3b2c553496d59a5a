import type { proto } from 'baileys'

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes with some of them changed, put in between, or in another order. */
export function garbled(
  bytes: Uint8Array,
  kind: 'flip' | 'insert' | 'swap',
  random: () => number,
): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit)
  const result = [...bytes]
  for (let count = 0; count < 3; count += 1) {
    const at = below(result.length)
    if (kind === 'insert') result.splice(at, 0, below(256))
    else if (kind === 'flip') result[at]! ^= 1 << below(8)
    else {
      const other = below(result.length)
      ;[result[at], result[other]] = [result[other]!, result[at]!]
    }
  }
  return Uint8Array.from(result)
}

/** Bytes with the padding that makes them a plaintext of WhatsApp's. */
export function pad(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.from([1])])
}

/** A text within so many envelopes of one's own making. */
export function wrapDeeply(
  depth: number,
  envelop: (inner: proto.IMessage) => proto.IMessage,
): proto.IMessage {
  let message: proto.IMessage = { conversation: 'deep' }
  for (let index = 0; index < depth; index += 1) message = envelop(message)
  return message
}

/** `ephemeralMessage` within itself, as bytes: no encoder goes so deep. */
export function envelopes(depth: number): Buffer {
  const varint = (value: number) => {
    const bytes: number[] = []
    for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
    return [...bytes, value]
  }
  const heads: number[][] = []
  let length = 4
  for (let index = 0; index < depth; index += 1) {
    // FutureProofMessage.message is field 1, ephemeralMessage field 40.
    const inner = [0x0a, ...varint(length)]
    const head = [0xc2, 0x02, ...varint(inner.length + length), ...inner]
    heads.push(head)
    length += head.length
  }
  return Buffer.from([...heads.toReversed().flat(), 0x0a, 2, 0x68, 0x69])
}
