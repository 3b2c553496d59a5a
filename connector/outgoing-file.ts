import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { setTimeout as pause } from 'node:timers/promises'
import { backoffMs } from './backoff.ts'
import { SendRefusal } from './send-refusal.ts'

/** A file on its way to WhatsApp. */
export interface OutgoingFile {
  stream: Readable
  mimetype: string
  fileName: string | undefined
}

const maxTries = 4
const deadlineMs = 600_000

/** Opens a file at `…/link/sessions/{idObject}/files/{idFile}` of the Worker, as a stream. */
export async function openFile(url: string, token: string): Promise<OutgoingFile> {
  const response = await request(url, token)
  const { headers, body } = response
  return {
    stream: Readable.fromWeb(body as ReadableStream),
    mimetype: headers.get('content-type') ?? 'application/octet-stream',
    fileName: readName(headers.get('content-disposition')),
  }
}

async function request(url: string, token: string): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    }).catch(() => undefined)
    if (response?.status === 200 && response.body !== null) return response
    await response?.body?.cancel()
    if (response?.status === 404)
      throw new SendRefusal('fileNotFound', 'The file is kept no more. Upload it again, then send it.')
    if (tries === maxTries) throw new Error(`the Worker does not hand the file out: ${response?.status}`)
    await pause(backoffMs(tries, { firstMs: 250, maxMs: 4000 }))
  }
}

function readName(disposition: string | null): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? '')?.[1]
  return encoded === undefined ? undefined : decodeURIComponent(encoded)
}
