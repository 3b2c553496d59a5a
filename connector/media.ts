import { Readable } from 'node:stream'
import { maxFileBytes } from '../schema/api/file.ts'
import { decryptMedia } from './media-cipher.ts'
import { MediaError } from './media-error.ts'
import type { MediaSource } from './media-source.ts'
import { notePassed } from './stream-memory.ts'

export interface FetchOptions {
  /** Hosts on this machine are allowed: for the simulated WhatsApp. */
  allowLoopback?: boolean
  /** How long to wait for the next byte. */
  idleMs?: number
  /** How long the whole may take. */
  totalMs?: number
  maxBytes?: number
}

const whatsAppHost = 'mmg.whatsapp.net'
/** Padding of AES-CBC, and the MAC. */
const overheadBytes = 26
/** A broken download goes on where it broke, so often. */
const maxResumes = 3

/**
 * Fetches a file from WhatsApp and decrypts it: a stream of the file itself, of which little more than one chunk is in
 * memory. The stream fails with a `MediaError` when what came is not what was sent; its content must then be dropped.
 *
 * The address in a message is its sender's word. It is followed to WhatsApp's own hosts only.
 */
export async function fetchMedia(source: MediaSource, options: FetchOptions = {}): Promise<Readable> {
  const { maxBytes = maxFileBytes, totalMs = 15 * 60_000 } = options
  if ((source.fileLength ?? 0) > maxBytes) {
    throw new MediaError('tooLarge', `The file is larger than ${maxBytes} bytes.`)
  }
  const url = addressOf(source, options.allowLoopback ?? false)
  const download = new Download(url, { ...options, maxBytes, deadline: performance.now() + totalMs })
  await download.start()
  const file = Readable.from(decryptMedia(download.read(), source, maxBytes), {
    objectMode: false,
    highWaterMark: 64 * 1024,
  })
  return file.once('close', () => download.cancel())
}

function addressOf({ url, directPath }: MediaSource, allowLoopback: boolean): URL {
  const given = url !== undefined && URL.canParse(url) ? new URL(url) : undefined
  const isAllowed = ({ hostname, port }: URL) =>
    (hostname.endsWith('.whatsapp.net') && port === '') ||
    (allowLoopback && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname))
  const isGivenAllowed = given?.protocol === 'https:' && given.username === '' && isAllowed(given)
  if (directPath?.startsWith('/')) {
    const address = new URL(`https://${isGivenAllowed ? given.host : whatsAppHost}`)
    const [pathname = '', search = ''] = directPath.split('?', 2)
    address.pathname = pathname
    address.search = search
    return address
  }
  if (isGivenAllowed) return given
  throw new MediaError('refused', 'The message names a host that is not WhatsApp’s.')
}

interface DownloadOptions extends FetchOptions {
  maxBytes: number
  deadline: number
}

/** One file's bytes over as many requests as it takes. */
class Download {
  #url: URL
  #options: DownloadOptions
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined
  #abort = new AbortController()
  #received = 0

  constructor(url: URL, options: DownloadOptions) {
    this.#url = url
    this.#options = options
  }

  async start(): Promise<void> {
    this.#abort = new AbortController()
    const headers = {
      origin: 'https://web.whatsapp.com',
      ...(this.#received > 0 && { range: `bytes=${this.#received}-` }),
    }
    const response = await this.#inTime(
      fetch(this.#url, { headers, redirect: 'error', signal: this.#abort.signal }),
    )
    const isExpected = this.#received > 0 ? response.status === 206 : response.status === 200
    if (!isExpected || response.body === null) {
      await response.body?.cancel()
      throw failureOf(response.status)
    }
    const length = Number(response.headers.get('content-length') ?? 0)
    if (this.#received + length > this.#options.maxBytes + overheadBytes) {
      await response.body.cancel()
      throw new MediaError('tooLarge', `The file is larger than ${this.#options.maxBytes} bytes.`)
    }
    this.#body = response.body.getReader()
  }

  cancel(): void {
    this.#abort.abort()
  }

  async *read(): AsyncGenerator<Uint8Array> {
    let resumes = 0
    for (;;) {
      try {
        const { done, value } = await this.#inTime(this.#body!.read())
        if (done) return
        this.#received += value.length
        yield value
        notePassed(value.length)
      } catch (error) {
        const isPassing = error instanceof MediaError && error.code === 'network'
        if (!isPassing || this.#received === 0 || resumes === maxResumes) throw error
        resumes += 1
        await this.start()
      }
    }
  }

  async #inTime<Value>(step: Promise<Value>): Promise<Value> {
    const { idleMs = 30_000, deadline } = this.#options
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          reject(new MediaError('timeout', 'WhatsApp’s media host was too slow.'))
          this.#abort.abort()
        },
        Math.max(0, Math.min(idleMs, deadline - performance.now())),
      )
    })
    try {
      return await Promise.race([step, timeout])
    } catch (error) {
      step.catch(() => undefined)
      if (error instanceof MediaError) throw error
      throw new MediaError('network', 'WhatsApp’s media host could not be reached.', { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

function failureOf(status: number): MediaError {
  if (status === 404 || status === 410) return new MediaError('gone', 'WhatsApp has the file no more.')
  return new MediaError('network', `WhatsApp’s media host answered ${status}.`)
}
