import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { fetchFile, type FetchRequest } from '../../../worker/files/fetch-file.ts'
import { fileKey, type FileStore, openFileStore } from '../../../worker/files/file-store.ts'
import { Endpoint } from '../support/endpoint.ts'

const { FILES, FILES_DISK } = env as unknown as { FILES: R2Bucket; FILES_DISK: Fetcher }
const stores: [string, FileStore][] = [
  ['R2', openFileStore(FILES)],
  ['a directory', openFileStore(FILES_DISK)],
]
const open = { allowPrivate: true }
const closed = { allowPrivate: false, publicUrl: 'https://chatlink.example' }
const newKey = () => fileKey('ten_fetchTest01', `file_${crypto.randomUUID().replaceAll('-', '')}`)

function makeRequest(url: string, more: Partial<FetchRequest> = {}): FetchRequest {
  return { url, key: newKey(), maxBytes: 1024 * 1024, timeoutMs: 5000, policy: open, ...more }
}

async function textOf(store: FileStore, key: string): Promise<string | null> {
  const content = await store.get(key)
  if (content === null || content === 'outOfRange') return null
  return new TextDecoder().decode(await new Response(content.body).arrayBuffer())
}

describe.each(stores)('a file fetched into %s', (_name, store) => {
  async function expectRefused(request: FetchRequest, code: string, detail: RegExp) {
    const refused = await fetchFile(store, request)
    expect(refused).toMatchObject({ ok: false, code, detail: expect.stringMatching(detail) })
    expect(await store.head(request.key)).toBeNull()
  }

  it('is stored with the type and the name that its server gives it', async () => {
    const endpoint = new Endpoint()
    const headers = {
      'content-type': 'image/jpeg',
      'content-disposition': "attachment; filename*=UTF-8''a%C3%B1o%201.jpg",
    }
    await endpoint.script({ headers, body: 'the picture' })
    const request = makeRequest(endpoint.url, { family: 'image/' })
    expect(await fetchFile(store, request)).toEqual({ ok: true })
    expect(await textOf(store, request.key)).toBe('the picture')
    expect(await store.head(request.key)).toMatchObject({
      mimetype: 'image/jpeg',
      fileName: 'año 1.jpg',
      fileSize: 11,
    })
    expect(await endpoint.received()).toMatchObject([{ method: 'GET' }])
  })

  it('is named by the end of its address, and is what the caller says that it is', async () => {
    const endpoint = new Endpoint()
    await endpoint.script({ headers: { 'content-type': 'binary/octet-stream' }, body: 'x' })
    const request = makeRequest(endpoint.url, { family: 'image/', mimetype: 'image/png' })
    expect(await fetchFile(store, request)).toEqual({ ok: true })
    expect(await store.head(request.key)).toMatchObject({ mimetype: 'image/png', fileName: endpoint.path })
  })

  it.each([
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /302.*not followed/],
    ['what is not there', { status: 404, body: 'no' }, /404/],
    ['a part', { status: 206, body: 'par' }, /206/],
    ['nothing', { status: 204 }, /204/],
    ['a page in place of a picture', { headers: { 'content-type': 'text/html' }, body: '<p>' }, /text\/html/],
    ['what has no type', { body: 'x' }, /calls the file nothing/],
    ['a reset connection', { fault: 'reset' as const }, /did not answer/],
  ])('is refused when it is %s', async (_case, step, detail) => {
    const endpoint = new Endpoint()
    await endpoint.script(step)
    await expectRefused(makeRequest(endpoint.url, { family: 'image/' }), 'fileNotFetched', detail)
    expect(await endpoint.received()).toHaveLength(1)
  })

  it('is refused when it says that it is too large, or does not say so', async () => {
    const endpoint = new Endpoint()
    const headers = { 'content-type': 'image/jpeg' }
    const told = { headers: { ...headers, 'content-length': '1001' }, body: 'x' }
    await endpoint.script(told, { headers, floodBytes: 64 * 1024 * 1024 })
    const request = makeRequest(endpoint.url, { maxBytes: 1000 })
    await expectRefused(request, 'fileNotFetched', /larger than 1000 bytes/)
    await expectRefused(request, 'fileNotFetched', /larger than 1000 bytes/)
  })

  it.each([
    ['never begins', { fault: 'hang' as const }],
    ['never ends', { dripMs: 20 }],
  ])('is refused when it %s', async (_case, step) => {
    const endpoint = new Endpoint()
    await endpoint.script(step)
    await expectRefused(makeRequest(endpoint.url, { timeoutMs: 400 }), 'fileNotFetched', /within 0.4 seconds/)
  })

  it('is refused when it breaks off', async () => {
    const endpoint = new Endpoint()
    const headers = { 'content-type': 'image/jpeg', 'content-length': '1000', connection: 'close' }
    await endpoint.script({ headers, body: 'only this' })
    await expectRefused(makeRequest(endpoint.url), 'fileNotFetched', /broke off/)
  })

  it('is not even asked for where webhooks may not go', async () => {
    const endpoint = new Endpoint()
    const refusals = {
      [endpoint.url]: 'notHttps',
      [endpoint.url.replace('http:', 'https:')]: 'ipLiteral',
      'https://2130706433/a.jpg': 'ipLiteral',
      'https://localhost/a.jpg': 'privateHost',
      'https://metadata.google.internal/a.jpg': 'privateHost',
      'https://chatlink.example/v1/files/a': 'ownHost',
      'https://me:secret@example.com/a.jpg': 'credentialsInUrl',
      'https://example.com:25/a.jpg': 'portRefused',
      'file://example.com/etc/passwd': 'notHttps',
    }
    for (const [url, code] of Object.entries(refusals))
      await expectRefused(makeRequest(url, { policy: closed }), code, /./)
    expect(await endpoint.received()).toEqual([])
  })
})
