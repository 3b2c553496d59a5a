import { judge, Measure, readChunks, resolveRange, tooLarge } from './content.ts'
import type { FileContent, FileRange, FileStore, PutOptions, PutResult, StoredFile } from './file-store.ts'

/** R2's least size of a part; all parts but the last must have the same. */
const partBytes = 5 * 1024 * 1024

/**
 * Media in R2. R2 wants to know a stream's length beforehand, which chunked uploads do not tell: content is therefore
 * gathered into parts of 5 MiB; what fits into one is put at once, what does not becomes a multipart upload.
 */
export class R2FileStore implements FileStore {
  readonly #bucket: R2Bucket

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket
  }

  async put(key: string, body: ReadableStream<Uint8Array>, options: PutOptions): Promise<PutResult> {
    const measure = new Measure()
    const part = new PartBuffer()
    const parts: R2UploadedPart[] = []
    let upload: R2MultipartUpload | undefined
    const uploadPart = async (bytes: Uint8Array) => {
      upload ??= await this.#bucket.createMultipartUpload(key, metadataOf(options, options.expectedSha256))
      parts.push(await upload.uploadPart(parts.length + 1, bytes))
    }
    try {
      for await (const chunk of readChunks(body)) {
        if (measure.fileSize + chunk.byteLength > options.maxBytes) {
          await measure.abandon()
          await upload?.abort()
          return tooLarge(options.maxBytes)
        }
        await measure.add(chunk)
        for (const full of part.add(chunk)) await uploadPart(full)
      }
      const sha256 = await measure.finish()
      const result = judge(measure.fileSize, sha256, options.expectedSha256)
      if (!result.ok) {
        await upload?.abort()
      } else if (upload === undefined) {
        await this.#bucket.put(key, part.take(), { ...metadataOf(options, sha256), sha256 })
      } else {
        if (part.size > 0) await uploadPart(part.take())
        await upload.complete(parts)
      }
      return result
    } catch (error) {
      await upload?.abort().catch(() => undefined)
      throw error
    }
  }

  async get(key: string, range?: FileRange): Promise<FileContent | 'outOfRange' | null> {
    if (range === undefined) {
      const object = await this.#bucket.get(key)
      return object === null ? null : { ...describe(object), body: object.body }
    }
    const head = await this.#bucket.head(key)
    if (head === null) return null
    const part = resolveRange(range, head.size)
    if (part === null) return 'outOfRange'
    const object = await this.#bucket.get(key, { range: part, onlyIf: { etagMatches: head.etag } })
    return object === null || !('body' in object)
      ? null
      : { ...describe(object), body: object.body, range: part }
  }

  async head(key: string): Promise<StoredFile | null> {
    const object = await this.#bucket.head(key)
    return object === null ? null : describe(object)
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key)
  }

  async deleteAll(idTenant: string): Promise<void> {
    for (;;) {
      const { objects, truncated } = await this.#bucket.list({ prefix: `${idTenant}/` })
      if (objects.length > 0) await this.#bucket.delete(objects.map(({ key }) => key))
      if (!truncated) return
    }
  }
}

/** Gathers chunks into parts of exactly `partBytes`. */
class PartBuffer {
  size = 0
  #chunks: Uint8Array[] = []

  /** Adds a chunk; answers the parts that it filled. */
  add(chunk: Uint8Array): Uint8Array[] {
    const full: Uint8Array[] = []
    let rest = chunk
    while (this.size + rest.byteLength >= partBytes) {
      const taken = partBytes - this.size
      this.#push(rest.slice(0, taken))
      full.push(this.take())
      rest = rest.subarray(taken)
    }
    if (rest.byteLength > 0) this.#push(rest.slice())
    return full
  }

  take(): Uint8Array {
    const bytes = new Uint8Array(this.size)
    let offset = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset)
      offset += chunk.byteLength
    }
    this.#chunks = []
    this.size = 0
    return bytes
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.size += chunk.byteLength
  }
}

function metadataOf(options: PutOptions, sha256: string | undefined): R2MultipartOptions {
  return {
    httpMetadata: { contentType: options.mimetype },
    customMetadata: {
      ...(options.fileName === undefined
        ? {}
        : { fileName: encodeURIComponent(options.fileName.toWellFormed()) }),
      ...(sha256 === undefined ? {} : { sha256: sha256.toLowerCase() }),
    },
  }
}

function describe(object: R2Object): StoredFile {
  const fileName = object.customMetadata?.['fileName']
  const sha256 = object.customMetadata?.['sha256']
  return {
    mimetype: object.httpMetadata?.contentType ?? 'application/octet-stream',
    ...(fileName === undefined ? {} : { fileName: decodeURIComponent(fileName) }),
    ...(sha256 === undefined ? {} : { sha256 }),
    fileSize: object.size,
    storedAt: object.uploaded.toISOString(),
  }
}
