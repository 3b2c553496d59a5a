import { randomHex } from '../random-id.ts'
import { judge, Measure, readChunks, resolveRange, tooLarge } from './content.ts'
import type { FileContent, FileRange, FileStore, PutOptions, PutResult, StoredFile } from './file-store.ts'

type Card = StoredFile & { content: string }

/**
 * Media in a directory, through workerd's disk service (GET with ranges, HEAD, PUT, DELETE).
 *
 * Two files each: the content under a name of its own (`idFile.RANDOM`) and, written last, the card `idFile.json` that
 * names it. The disk service moves a PUT into place even when its sender broke off, so only a card makes a file exist;
 * what a crash leaves behind without one is space lost, never a half file served.
 */
export class DiskFileStore implements FileStore {
  readonly #disk: Fetcher

  constructor(disk: Fetcher) {
    this.#disk = disk
  }

  async put(key: string, body: ReadableStream<Uint8Array>, options: PutOptions): Promise<PutResult> {
    const content = `${key}.${randomHex(6)}`
    const result = await this.#write(content, body, options).catch(async (error: unknown) => {
      await this.#remove(content)
      throw error
    })
    if (!result.ok) {
      await this.#remove(content)
      return result
    }
    const previous = await this.#readCard(key)
    const { mimetype, fileName } = options
    const card: Card = {
      mimetype,
      ...(fileName === undefined ? {} : { fileName }),
      fileSize: result.fileSize,
      sha256: result.sha256,
      storedAt: new Date().toISOString(),
      content,
    }
    await this.#send('PUT', `${key}.json`, JSON.stringify(card))
    if (previous !== null) await this.#remove(previous.content)
    return result
  }

  async get(key: string, range?: FileRange): Promise<FileContent | 'outOfRange' | null> {
    const card = await this.#readCard(key)
    if (card === null) return null
    const { content, ...stored } = card
    const part = range === undefined ? undefined : resolveRange(range, stored.fileSize)
    if (part === null) return 'outOfRange'
    const headers =
      part === undefined ? {} : { range: `bytes=${part.offset}-${part.offset + part.length - 1}` }
    const response = await this.#disk.fetch(urlOf(content), { headers })
    if (!response.ok || response.body === null) return null
    return { ...stored, body: response.body, ...(part === undefined ? {} : { range: part }) }
  }

  async head(key: string): Promise<StoredFile | null> {
    const card = await this.#readCard(key)
    if (card === null) return null
    const { content: _content, ...stored } = card
    return stored
  }

  async delete(key: string): Promise<void> {
    const card = await this.#readCard(key)
    if (card === null) return
    await this.#remove(`${key}.json`)
    await this.#remove(card.content)
  }

  async deleteAll(idTenant: string): Promise<void> {
    const response = await this.#disk.fetch(urlOf(`${idTenant}/`))
    if (!response.ok) {
      await response.body?.cancel()
      return
    }
    const entries = await readJson<{ name: string }[]>(response)
    for (const { name } of entries) await this.#remove(`${idTenant}/${name}`)
    await this.#remove(idTenant)
  }

  /** The PUT's stream is always closed in order, never broken off: the disk service would wait for ever. */
  async #write(path: string, body: ReadableStream<Uint8Array>, options: PutOptions): Promise<PutResult> {
    const measure = new Measure()
    const { readable, writable } = new IdentityTransformStream()
    const stored = this.#send('PUT', path, readable)
    stored.catch(() => undefined)
    const writer = writable.getWriter()
    try {
      for await (const chunk of readChunks(body)) {
        if (measure.fileSize + chunk.byteLength > options.maxBytes) {
          await measure.abandon()
          return tooLarge(options.maxBytes)
        }
        await measure.add(chunk)
        await writer.write(chunk)
      }
    } finally {
      await writer.close().catch(() => undefined)
      await stored
    }
    return judge(measure.fileSize, await measure.finish(), options.expectedSha256)
  }

  async #readCard(key: string): Promise<Card | null> {
    const response = await this.#disk.fetch(urlOf(`${key}.json`))
    if (!response.ok) {
      await response.body?.cancel()
      return null
    }
    return readJson<Card>(response)
  }

  async #send(method: 'PUT', path: string, body: ReadableStream | string): Promise<void> {
    const response = await this.#disk.fetch(urlOf(path), { method, body })
    if (!response.ok) throw new Error(`The files directory refused a write (${response.status}).`)
  }

  async #remove(path: string): Promise<void> {
    await this.#disk.fetch(urlOf(path), { method: 'DELETE' })
  }
}

/** Of an `application/octet-stream`, about which `response.json()` warns each time. */
async function readJson<Value>(response: Response): Promise<Value> {
  return JSON.parse(new TextDecoder().decode(await response.arrayBuffer())) as Value
}

function urlOf(path: string): string {
  return `http://disk/${path.split('/').map(encodeURIComponent).join('/')}`
}
