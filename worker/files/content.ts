import { toHex } from '../hash.ts'
import { fail, succeed } from '../result.ts'
import type { FileRange, PutResult } from './file-store.ts'

const readBytes = 256 * 1024

/** It was the sender of a file that failed, not the store. */
export class SourceBroken extends Error {}

/**
 * The chunks of a stream, large ones where the stream can fill a buffer: that one buffer is filled again and again, so a chunk
 * is to be used up, or copied, before the next is asked for. Leaving early cancels the stream.
 * @throws SourceBroken when the stream fails.
 */
export async function* readChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = openReader(body)
  let finished = false
  try {
    for (;;) {
      const { done, value } = await reader().catch((cause: unknown) => {
        finished = true
        throw new SourceBroken('the file broke off', { cause })
      })
      if (done) finished = true
      if (value !== undefined && value.byteLength > 0) yield value
      if (done) return
    }
  } finally {
    if (!finished) await reader.cancel().catch(() => undefined)
  }
}

type ReadStep = { done: boolean; value?: Uint8Array | undefined }

function openReader(body: ReadableStream<Uint8Array>): {
  (): Promise<ReadStep>
  cancel: () => Promise<void>
} {
  try {
    const reader = body.getReader({ mode: 'byob' })
    let buffer = new ArrayBuffer(readBytes)
    const read = async (): Promise<ReadStep> => {
      // A body in small chunks fills the buffer, too: each read leaves objects behind.
      const step = await reader.readAtLeast(readBytes, new Uint8Array(buffer))
      if (step.value) buffer = step.value.buffer
      return step
    }
    return Object.assign(read, { cancel: () => reader.cancel() })
  } catch {
    const reader = body.getReader()
    return Object.assign(() => reader.read() as Promise<ReadStep>, { cancel: () => reader.cancel() })
  }
}

/** Counts and hashes what passes. */
export class Measure {
  fileSize = 0
  readonly #digest = new crypto.DigestStream('SHA-256')
  readonly #writer = this.#digest.getWriter()

  async add(chunk: Uint8Array): Promise<void> {
    this.fileSize += chunk.byteLength
    await this.#writer.write(chunk)
  }

  /** Ends the measuring: the SHA-256 in hexadecimal. */
  async finish(): Promise<string> {
    await this.#writer.close()
    return toHex(await this.#digest.digest)
  }

  /** Gives the measuring up. */
  async abandon(): Promise<void> {
    this.#digest.digest.catch(() => undefined)
    await this.#writer.abort().catch(() => undefined)
  }
}

/** Judges what was measured. */
export function judge(fileSize: number, sha256: string, expectedSha256: string | undefined): PutResult {
  if (expectedSha256 !== undefined && expectedSha256.toLowerCase() !== sha256) {
    return fail('hashMismatch', 'The content does not have the expected SHA-256. Send the file again.')
  }
  return succeed({ fileSize, sha256 })
}

/** The answer to a file above the limit. */
export function tooLarge(maxBytes: number): PutResult {
  return fail('fileTooLarge', `The file is larger than ${maxBytes} bytes. Send a smaller one.`)
}

/** What a range means for a file of this size; `null` when it begins behind the end. */
export function resolveRange(range: FileRange, fileSize: number): { offset: number; length: number } | null {
  if ('suffix' in range) {
    const length = Math.min(range.suffix, fileSize)
    return length === 0 ? null : { offset: fileSize - length, length }
  }
  const length = Math.min(range.length ?? fileSize, fileSize - range.offset)
  return length <= 0 ? null : { offset: range.offset, length }
}
