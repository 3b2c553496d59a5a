import { aesEncryptGCM, type BinaryNode, hkdf, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import { child, node } from './node.ts'

/** A file as the phone has it after it uploaded it again. */
export interface Reupload {
  mediaKey: Uint8Array
  directPath: string
}

/** The phone's answer when a client asks for a file that the media host has no more; a refusal without `reupload`. */
export function answerReupload(
  id: string,
  receipt: BinaryNode,
  now: number,
  reupload: Reupload | undefined,
): BinaryNode {
  const rmr = node('rmr', child(receipt, 'rmr')?.attrs ?? {})
  const attributes = { id, type: 'mediaretry', from: receipt.attrs['to'], t: `${now}` }
  if (!reupload) return node('notification', attributes, [rmr, node('error', { code: '2' })])
  const { SUCCESS } = proto.MediaRetryNotification.ResultType
  const { directPath, mediaKey } = reupload
  const plain = proto.MediaRetryNotification.encode({ stanzaId: id, directPath, result: SUCCESS }).finish()
  const key = hkdf(Buffer.from(mediaKey), 32, { info: 'WhatsApp Media Retry Notification' })
  const iv = randomBytes(12)
  const ciphertext = aesEncryptGCM(plain, key, iv, Buffer.from(id))
  const encrypted = node('encrypt', {}, [node('enc_p', {}, ciphertext), node('enc_iv', {}, iv)])
  return node('notification', attributes, [encrypted, rmr])
}
