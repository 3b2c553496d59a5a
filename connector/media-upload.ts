import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MediaError } from './media-error.ts'

export interface UploadOptions {
  /** `…/link/sessions/{idObject}/files/{idFile}` of the Worker. */
  url: string
  token: string
  mimetype: string
  fileName?: string | undefined
  /** Expected SHA-256, hexadecimal: the Worker refuses other content. */
  sha256?: string | undefined
  /** How long the Worker may take without taking a byte or answering. */
  idleMs?: number
}

const plainType =
  /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,128}(\s*;\s*[\w-]{1,64}=("[\w .,:+/-]{0,128}"|[\w.+/-]{1,128}))*$/

/** A header's value cannot be anything that a stranger writes. */
function headersOf({ token, mimetype, fileName, sha256 }: UploadOptions) {
  return {
    authorization: `Bearer ${token}`,
    'content-type': plainType.test(mimetype) ? mimetype : 'application/octet-stream',
    ...(fileName !== undefined && { 'x-chatlink-file-name': encodeURIComponent(fileName.toWellFormed()) }),
    ...(sha256 !== undefined && { 'x-chatlink-sha256': sha256 }),
  }
}

/**
 * Streams a file to the Worker. A stream that fails breaks the request off, so that nothing of it is kept, and its own
 * error comes out. Rejects with a `MediaError`: `hashMismatch`, `tooLarge` and `refused` are the Worker's last word.
 */
export async function uploadToWorker(file: Readable, options: UploadOptions): Promise<void> {
  const { idleMs = 30_000 } = options
  const send = options.url.startsWith('https:') ? httpsRequest : httpRequest
  const request = send(options.url, { method: 'PUT', headers: headersOf(options) })
  const answered = new Promise<number>((resolve, reject) => {
    request.on('response', (response) => {
      response.resume()
      response.on('error', () => undefined)
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
  })
  request.setTimeout(idleMs, () => request.destroy(new MediaError('timeout', 'The Worker was too slow.')))
  const written = pipeline(file, request)
  written.catch(() => undefined)
  try {
    const status = await Promise.race([answered, written.then(() => answered)])
    if (status < 200 || status >= 300) throw refusalOf(status)
    await written
  } catch (error) {
    const early = file.errored === null ? await settled(answered) : undefined
    const cause = file.errored ?? (early === undefined ? error : refusalOf(early))
    if (cause instanceof MediaError) throw cause
    throw new MediaError('network', 'The Worker could not be reached.', { cause })
  } finally {
    file.destroy()
    request.destroy()
  }
}

/** The answer, when it is there already: a Worker that refuses may close before it has read the whole. */
async function settled(answered: Promise<number>): Promise<number | undefined> {
  const status = await Promise.race([answered, Promise.resolve(undefined)]).catch(() => undefined)
  return status !== undefined && (status < 200 || status >= 300) ? status : undefined
}

function refusalOf(status: number): MediaError {
  if (status === 422)
    return new MediaError('hashMismatch', 'The Worker received another content than announced.')
  if (status === 413) return new MediaError('tooLarge', 'The Worker takes no file of this size.')
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new MediaError('refused', `The Worker refused the file with ${status}.`)
  }
  return new MediaError('network', `The Worker answered ${status}.`)
}
