import type { proto, WAMessage } from './baileys.ts'
import { MediaError } from './media-error.ts'
import type { MediaSource, MediaType } from './media-source.ts'
import { fetchMedia, type FetchOptions } from './media.ts'
import { uploadToWorker } from './media-upload.ts'

export interface TransferOptions extends FetchOptions {
  /** `…/link/sessions/{idObject}/files/{idFile}` of the Worker. */
  url: string
  token: string
  /** Asks the phone to upload the file again, as Baileys' `updateMediaMessage` does; absent while there is no socket. */
  requestReupload?: ((message: WAMessage) => Promise<WAMessage>) | undefined
}

/** Brings one file from WhatsApp to the Worker; asks the phone for it when WhatsApp has it no more. */
export async function transferFile(source: MediaSource, options: TransferOptions): Promise<void> {
  const file = await fetchMedia(source, options).catch(async (error: unknown) => {
    const isGone = error instanceof MediaError && error.code === 'gone'
    if (!isGone || options.requestReupload === undefined) throw error
    return fetchMedia(await renewSource(source, options.requestReupload), options)
  })
  const { url, token } = options
  const { mimetype, fileName, fileSha256: sha256 } = source
  await uploadToWorker(file, { url, token, mimetype, fileName, sha256 })
}

const fields = {
  image: 'imageMessage',
  video: 'videoMessage',
  audio: 'audioMessage',
  document: 'documentMessage',
  sticker: 'stickerMessage',
} as const satisfies Record<MediaType, keyof proto.IMessage>

const reuploadMs = 30_000

async function renewSource(
  source: MediaSource,
  requestReupload: NonNullable<TransferOptions['requestReupload']>,
): Promise<MediaSource> {
  const field = fields[source.mediaType]
  const message: WAMessage = {
    key: source.key,
    message: { [field]: { mediaKey: Buffer.from(source.mediaKey, 'base64') } },
  }
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the phone did not answer')), reuploadMs)
  })
  try {
    const renewed = (await Promise.race([requestReupload(message), tooSlow])).message?.[field]
    const { url, directPath } = renewed ?? {}
    return { ...source, ...(url && { url }), ...(directPath && { directPath }) }
  } catch (cause) {
    throw new MediaError('gone', 'WhatsApp has the file no more, and the phone did not send it again.', {
      cause,
    })
  } finally {
    clearTimeout(timer)
  }
}
