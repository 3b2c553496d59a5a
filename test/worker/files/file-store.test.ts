import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { DiskFileStore } from '../../../worker/files/disk-file-store.ts'
import { fileKey, type FileStore, openFileStore } from '../../../worker/files/file-store.ts'
import { R2FileStore } from '../../../worker/files/r2-file-store.ts'

const { FILES, FILES_DISK } = env as unknown as { FILES: R2Bucket; FILES_DISK: Fetcher }
const stores: [string, FileStore][] = [
  ['R2', openFileStore(FILES)],
  ['a directory', openFileStore(FILES_DISK)],
]
const maxBytes = 32 * 1024 * 1024
const meta = { mimetype: 'text/plain', maxBytes }

const bytesOf = (text: string) => new TextEncoder().encode(text)
const streamOf = (bytes: Uint8Array) => new Response(bytes).body!
const newKey = () => fileKey('ten_storeTest01', `file_${crypto.randomUUID().replaceAll('-', '')}`)
const readText = async (body: ReadableStream) =>
  new TextDecoder().decode(await new Response(body).arrayBuffer())
const textOf = async (store: FileStore, key: string) => {
  const content = await store.get(key)
  return content === null || content === 'outOfRange' ? content : readText(content.body)
}
const sha256Of = async (bytes: Uint8Array) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')

/** Bytes of which no two neighbouring kilobytes are alike. */
function makeBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index += 1) bytes[index] = (index * 31 + (index >> 10)) & 255
  return bytes
}

function brokenStream(before: Uint8Array): ReadableStream<Uint8Array> {
  let sent = false
  return new ReadableStream({
    pull(controller) {
      if (sent) controller.error(new Error('the sender broke off'))
      else controller.enqueue(before)
      sent = true
    },
  })
}

it('opens the storage that the binding is', () => {
  expect(openFileStore(FILES)).toBeInstanceOf(R2FileStore)
  expect(openFileStore(FILES_DISK)).toBeInstanceOf(DiskFileStore)
})

describe.each(stores)('files in %s', (_name, store) => {
  it('gives back what was put, with its description', async () => {
    const key = newKey()
    const bytes = bytesOf('hello')
    const put = await store.put(key, streamOf(bytes), { ...meta, fileName: 'año 1.txt' })
    const sha256 = await sha256Of(bytes)
    expect(put).toEqual({ ok: true, fileSize: 5, sha256 })
    expect(await textOf(store, key)).toBe('hello')
    expect(await store.head(key)).toMatchObject({
      mimetype: 'text/plain',
      fileName: 'año 1.txt',
      fileSize: 5,
      sha256,
      storedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
  })

  it('hashes and returns a file of many parts', async () => {
    const key = newKey()
    const bytes = makeBytes(12 * 1024 * 1024 + 17)
    const sha256 = await sha256Of(bytes)
    expect(await store.put(key, streamOf(bytes), { ...meta, expectedSha256: sha256 })).toEqual({
      ok: true,
      fileSize: bytes.byteLength,
      sha256,
    })
    const content = await store.get(key)
    if (content === null || content === 'outOfRange') throw new Error('no content')
    expect(await sha256Of(new Uint8Array(await new Response(content.body).arrayBuffer()))).toBe(sha256)
    expect(content.sha256).toBe(sha256)
  })

  it('stores an empty file', async () => {
    const key = newKey()
    expect(await store.put(key, streamOf(new Uint8Array()), meta)).toMatchObject({ ok: true, fileSize: 0 })
    expect(await textOf(store, key)).toBe('')
  })

  it.each([
    [{ offset: 2, length: 3 }, 'llo', { offset: 2, length: 3 }],
    [{ offset: 6 }, 'world', { offset: 6, length: 5 }],
    [{ offset: 9, length: 100 }, 'ld', { offset: 9, length: 2 }],
    [{ suffix: 4 }, 'orld', { offset: 7, length: 4 }],
    [{ suffix: 400 }, 'hello world', { offset: 0, length: 11 }],
  ])('answers the range %j', async (range, text, resolved) => {
    const key = newKey()
    await store.put(key, streamOf(bytesOf('hello world')), meta)
    const content = await store.get(key, range)
    if (content === null || content === 'outOfRange') throw new Error('no content')
    expect(await readText(content.body)).toBe(text)
    expect(content.range).toEqual(resolved)
    expect(content.fileSize).toBe(11)
  })

  it('tells a range that begins behind the end from a missing file', async () => {
    const key = newKey()
    await store.put(key, streamOf(bytesOf('hello')), meta)
    expect(await store.get(key, { offset: 5 })).toBe('outOfRange')
    expect(await store.get(newKey(), { offset: 5 })).toBeNull()
    expect(await store.get(newKey())).toBeNull()
    expect(await store.head(newKey())).toBeNull()
  })

  it('stores nothing above the limit', async () => {
    const key = newKey()
    const put = await store.put(key, streamOf(makeBytes(100_000)), { ...meta, maxBytes: 99_999 })
    expect(put).toMatchObject({ ok: false, code: 'fileTooLarge' })
    expect(await store.head(key)).toBeNull()
    expect(await store.get(key)).toBeNull()
  })

  it('stores nothing whose hash is another than expected', async () => {
    const key = newKey()
    const put = await store.put(key, streamOf(bytesOf('hello')), { ...meta, expectedSha256: 'ab'.repeat(32) })
    expect(put).toMatchObject({ ok: false, code: 'hashMismatch' })
    expect(await store.get(key)).toBeNull()
  })

  it('stores nothing of a stream that breaks off, and keeps what was there', async () => {
    const key = newKey()
    await expect(store.put(key, brokenStream(bytesOf('half')), meta)).rejects.toThrow('broke off')
    expect(await store.get(key)).toBeNull()
    await store.put(key, streamOf(bytesOf('whole')), meta)
    await expect(store.put(key, brokenStream(bytesOf('half')), meta)).rejects.toThrow('broke off')
    expect(await textOf(store, key)).toBe('whole')
  })

  it('replaces a file that is put again', async () => {
    const key = newKey()
    await store.put(key, streamOf(bytesOf('first')), meta)
    await store.put(key, streamOf(bytesOf('second')), { ...meta, mimetype: 'image/png' })
    expect(await textOf(store, key)).toBe('second')
    expect(await store.head(key)).toMatchObject({ mimetype: 'image/png', fileSize: 6 })
  })

  it('forgets a file that is deleted, once or twice', async () => {
    const key = newKey()
    await store.put(key, streamOf(bytesOf('hello')), meta)
    await store.delete(key)
    await store.delete(key)
    expect(await store.head(key)).toBeNull()
    expect(await store.get(key)).toBeNull()
  })

  it('deletes everything of a tenant and nothing of another', async () => {
    const keys = ['ten_going000001/file_1', 'ten_going000001/file_2', 'ten_staying0001/file_1']
    for (const key of keys) await store.put(key, streamOf(bytesOf(key)), meta)
    await store.deleteAll('ten_going000001')
    await store.deleteAll('ten_going000001')
    expect(await Promise.all(keys.map((key) => textOf(store, key)))).toEqual([null, null, keys[2]])
  })
})
