/** Kinds of media; each has a key derivation of its own. */
export type MediaType = 'image' | 'video' | 'audio' | 'document' | 'sticker'

/**
 * Where a file is to be had, and with what key: plain JSON, to be stored encrypted and taken up by any connector. It
 * names the message too, for the request to the phone to upload the file again.
 */
export interface MediaSource {
  mediaType: MediaType
  url?: string
  directPath?: string
  /** 32 bytes, base64. */
  mediaKey: string
  /** Of the encrypted file, base64. */
  fileEncSha256?: string
  /** Of the file itself, hexadecimal. */
  fileSha256?: string
  /** As announced by the sender. */
  fileLength?: number
  mimetype: string
  fileName?: string
  key: { remoteJid: string; fromMe: boolean; id: string; participant?: string }
}
