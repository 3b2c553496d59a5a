import { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { MediaError } from './media-error.ts'
import type { MediaSource, MediaType } from './media-source.ts'

const names: Record<MediaType, string> = {
  image: 'Image',
  video: 'Video',
  audio: 'Audio',
  document: 'Document',
  sticker: 'Image',
}

const macBytes = 10
const blockBytes = 16

function deriveKeys(mediaKey: Buffer, mediaType: MediaType) {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, '', `WhatsApp ${names[mediaType]} Keys`, 112))
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) }
}

/**
 * Decrypts a file as WhatsApp stores it (AES-256-CBC, then ten bytes of HMAC-SHA256) while it streams.
 *
 * The end comes only when three things are right: the MAC, the SHA-256 of the encrypted file and that of the file itself,
 * as far as the message announced them; else the last chunk is kept back and `hashMismatch` thrown. Whoever stores what
 * comes must therefore drop it when the stream fails. At most one chunk is held.
 */
export async function* decryptMedia(
  encrypted: AsyncIterable<Uint8Array>,
  source: MediaSource,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  const { iv, cipherKey, macKey } = deriveKeys(Buffer.from(source.mediaKey, 'base64'), source.mediaType)
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
  const mac = createHmac('sha256', macKey).update(iv)
  const encryptedHash = createHash('sha256')
  const hash = createHash('sha256')
  let tail = Buffer.alloc(0)
  let bytes = 0
  let held: Buffer | undefined
  for await (const chunk of encrypted) {
    encryptedHash.update(chunk)
    const data = Buffer.concat([tail, chunk])
    const whole = Math.max(0, data.length - macBytes)
    const ready = data.subarray(0, whole - (whole % blockBytes))
    tail = Buffer.from(data.subarray(ready.length))
    if (ready.length === 0) continue
    mac.update(ready)
    const plain = decipher.update(ready)
    bytes += plain.length
    if (bytes > maxBytes) throw new MediaError('tooLarge', `The file is larger than ${maxBytes} bytes.`)
    hash.update(plain)
    if (held !== undefined && held.length > 0) yield held
    held = plain
  }
  if (tail.length !== macBytes) throw mismatch('its length is not that of an encrypted file')
  if (!timingSafeEqual(mac.digest().subarray(0, macBytes), tail)) throw mismatch('its MAC is wrong')
  if (source.fileEncSha256 !== undefined && encryptedHash.digest('base64') !== source.fileEncSha256) {
    throw mismatch('the encrypted file has another SHA-256 than the message says')
  }
  const last = finish(decipher)
  bytes += last.length
  if (bytes > maxBytes) throw new MediaError('tooLarge', `The file is larger than ${maxBytes} bytes.`)
  hash.update(last)
  if (source.fileSha256 !== undefined && hash.digest('hex') !== source.fileSha256) {
    throw mismatch('the file has another SHA-256 than the message says')
  }
  const end = Buffer.concat([held ?? Buffer.alloc(0), last])
  if (end.length > 0) yield end
}

function finish(decipher: ReturnType<typeof createDecipheriv>): Buffer {
  try {
    return decipher.final()
  } catch {
    throw mismatch('it does not decrypt')
  }
}

function mismatch(why: string): MediaError {
  return new MediaError('hashMismatch', `The file is not what was sent: ${why}.`)
}
