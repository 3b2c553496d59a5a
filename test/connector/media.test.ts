import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MediaSource } from '../../connector/media-source.ts'
import { transferFile } from '../../connector/media-transfer.ts'
import { uploadToWorker } from '../../connector/media-upload.ts'
import { fetchMedia } from '../../connector/media.ts'
import { encryptFile, startMediaServer, type MediaServer } from './media-server.ts'

const bytes = (length: number) => Buffer.alloc(length, 'WhatsApp keeps files encrypted. ')
const local = { allowLoopback: true }

let host: MediaServer
beforeAll(async () => {
  host = await startMediaServer()
})
afterAll(() => host.close())
beforeEach(() => host.reset())

function offer(content: Buffer, changes: Partial<MediaSource> = {}): MediaSource {
  const { source, encrypted } = encryptFile(content, changes.mediaType ?? 'image')
  return { ...source, ...host.offer(encrypted), ...changes }
}

describe('fetching a file', () => {
  test.each([0, 1, 15, 16, 17, 65_535, 1_000_003])('gives its %i bytes', async (length) => {
    const content = bytes(length)
    expect((await buffer(await fetchMedia(offer(content), local))).equals(content)).toBe(true)
  })

  test.each(['image', 'video', 'audio', 'document', 'sticker'] as const)(
    'opens a %s with its own key',
    async (mediaType) => {
      const file = await fetchMedia(offer(bytes(100), { mediaType }), local)
      expect((await buffer(file)).equals(bytes(100))).toBe(true)
    },
  )

  test.each([
    ['the file has another SHA-256', { fileSha256: '00'.repeat(32) }],
    ['the encrypted file has another SHA-256', { fileEncSha256: Buffer.alloc(32).toString('base64') }],
    ['the key is another', { mediaKey: Buffer.alloc(32, 9).toString('base64') }],
  ])('fails at the end when %s', async (_, changes) => {
    const file = await fetchMedia(offer(bytes(200_000), changes), local)
    await expect(buffer(file)).rejects.toMatchObject({ code: 'hashMismatch' })
  })

  test('fails when a byte was changed and the message announces no hash', async () => {
    const { source, encrypted } = encryptFile(bytes(1000), 'image')
    encrypted[500]! ^= 1
    const { fileSha256: _, fileEncSha256: __, ...bare } = source
    const file = await fetchMedia({ ...bare, ...host.offer(encrypted) }, local)
    await expect(buffer(file)).rejects.toMatchObject({ code: 'hashMismatch' })
  })

  test('fails when the end is missing', async () => {
    const { source, encrypted } = encryptFile(bytes(1000), 'image')
    const file = await fetchMedia({ ...source, ...host.offer(encrypted.subarray(0, -16)) }, local)
    await expect(buffer(file)).rejects.toMatchObject({ code: 'hashMismatch' })
  })

  test.each([404, 410])('says that it is gone when the host answers %i', async (status) => {
    host.answerWith(status)
    await expect(fetchMedia(offer(bytes(10)), local)).rejects.toMatchObject({ code: 'gone' })
  })

  test.each([401, 500, 503])('may be tried again when the host answers %i', async (status) => {
    host.answerWith(status)
    await expect(fetchMedia(offer(bytes(10)), local)).rejects.toMatchObject({ code: 'network' })
  })

  test('refuses a file that is announced as too large without asking for it', async () => {
    const source = offer(bytes(10), { fileLength: 100 * 1024 * 1024 + 1 })
    await expect(fetchMedia(source, local)).rejects.toMatchObject({ code: 'tooLarge' })
    expect(host.requests).toEqual([])
  })

  test('stops when more comes than was announced', async () => {
    const source = offer(bytes(300_000), { fileLength: 10 })
    host.hideLength()
    const file = await fetchMedia(source, { ...local, maxBytes: 100_000 })
    await expect(buffer(file)).rejects.toMatchObject({ code: 'tooLarge' })
  })

  test('goes on where a broken download broke', async () => {
    const content = bytes(900_000)
    const source = offer(content)
    host.breakAfter(300_000)
    expect((await buffer(await fetchMedia(source, local))).equals(content)).toBe(true)
    expect(host.requests.length).toBeGreaterThan(1)
    expect(host.requests[1]).toMatch(/^bytes=\d+-$/)
  })

  test('gives up on a host that says nothing more', async () => {
    const source = offer(bytes(900_000))
    host.stallAfter(100_000)
    const file = await fetchMedia(source, { ...local, idleMs: 50 })
    await expect(buffer(file)).rejects.toMatchObject({ code: 'timeout' })
  })

  test.each([
    ['another host', { url: 'https://evil.example/v/1.enc', directPath: undefined }],
    ['a host that looks like WhatsApp’s', { url: 'https://mmg-whatsapp.net/1.enc', directPath: undefined }],
    ['a private host', { url: 'https://127.0.0.1:1/1.enc', directPath: undefined }],
    ['another protocol', { url: 'http://mmg.whatsapp.net/1.enc', directPath: undefined }],
    ['another port', { url: 'https://mmg.whatsapp.net:22/1.enc', directPath: undefined }],
    ['nothing', { url: undefined, directPath: undefined }],
  ])('refuses a message that names %s', async (_, changes) => {
    const source = { ...offer(bytes(10)), ...changes } as unknown as MediaSource
    await expect(fetchMedia(source)).rejects.toMatchObject({ code: 'refused' })
    expect(host.requests).toEqual([])
  })
})

describe('uploading to the Worker', () => {
  let received: { headers: IncomingMessage['headers']; body: Buffer; isWhole: boolean }[] = []
  let answer: (request: IncomingMessage, response: ServerResponse) => void
  const worker = createServer((request, response) => answer(request, response))
  let url: string

  beforeAll(async () => {
    await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(worker.address() as AddressInfo).port}/link/sessions/a/files/b`
  })
  afterAll(() => {
    worker.closeAllConnections()
    worker.close()
  })
  beforeEach(() => {
    received = []
    answer = (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('close', () => {
        received.push({ headers: request.headers, body: Buffer.concat(chunks), isWhole: request.complete })
      })
      request.on('end', () => response.writeHead(201).end('{}'))
    }
  })

  const options = { token: 'secret', mimetype: 'image/jpeg' }

  test('streams it with its type, name and expected hash', async () => {
    const sha256 = createHash('sha256').update(bytes(500_000)).digest('hex')
    await uploadToWorker(Readable.from([bytes(500_000)]), { ...options, url, sha256, fileName: 'año 1.jpg' })
    await expect.poll(() => received).toHaveLength(1)
    expect(received[0]!.body.equals(bytes(500_000))).toBe(true)
    expect(received[0]!.headers).toMatchObject({
      authorization: 'Bearer secret',
      'content-type': 'image/jpeg',
      'x-chatlink-file-name': 'a%C3%B1o%201.jpg',
      'x-chatlink-sha256': sha256,
    })
  })

  test.each(['text/plain\r\nx-evil: 1', 'no type', 'ímagen/png', `a/${'b'.repeat(2000)}`])(
    'writes no header that a stranger made up: %s',
    async (mimetype) => {
      await uploadToWorker(Readable.from([bytes(1)]), { ...options, url, mimetype })
      await expect.poll(() => received[0]?.headers['content-type']).toBe('application/octet-stream')
    },
  )

  test.each([
    [422, 'hashMismatch'],
    [413, 'tooLarge'],
    [401, 'refused'],
    [404, 'refused'],
    [429, 'network'],
    [503, 'network'],
  ])('an answer %i is %s', async (status, code) => {
    answer = (request, response) => {
      request.resume()
      request.on('end', () => response.writeHead(status).end())
    }
    await expect(uploadToWorker(Readable.from([bytes(10)]), { ...options, url })).rejects.toMatchObject({
      code,
    })
  })

  test('an answer before the end counts', async () => {
    answer = (_, response) => response.writeHead(413, { connection: 'close' }).end()
    const endless = Readable.from(
      (async function* () {
        for (;;) {
          yield bytes(1000)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })(),
    )
    await expect(uploadToWorker(endless, { ...options, url })).rejects.toMatchObject({ code: 'tooLarge' })
    expect(endless.destroyed).toBe(true)
  })

  test('a file that fails on the way is broken off and its error comes out', async () => {
    const source = offer(bytes(400_000), { fileSha256: '00'.repeat(32) })
    const file = await fetchMedia(source, local)
    await expect(uploadToWorker(file, { ...options, url })).rejects.toMatchObject({ code: 'hashMismatch' })
    await expect.poll(() => received).toHaveLength(1)
    expect(received[0]!.isWhole).toBe(false)
  })

  test('a Worker that is away may be tried again', async () => {
    const upload = uploadToWorker(Readable.from([bytes(10)]), { ...options, url: 'http://127.0.0.1:1/x' })
    await expect(upload).rejects.toMatchObject({ code: 'network' })
  })

  test('a Worker that says nothing is given up', async () => {
    answer = () => {}
    const upload = uploadToWorker(Readable.from([bytes(10)]), { ...options, url, idleMs: 50 })
    await expect(upload).rejects.toMatchObject({ code: 'timeout' })
  })

  test('a large file passes without being held', async () => {
    let largest = 0
    let total = 0
    answer = (request, response) => {
      request.on('data', (chunk: Buffer) => (total += chunk.length))
      request.on('end', () => response.writeHead(201).end())
    }
    const { source, encrypted } = encryptFile(bytes(60 * 1024 * 1024), 'video')
    const offered = { ...source, ...host.offer(encrypted) }
    const before = process.memoryUsage().arrayBuffers
    const timer = setInterval(() => {
      largest = Math.max(largest, process.memoryUsage().arrayBuffers - before)
    }, 5)
    await transferFile(offered, { ...local, url, token: 'secret' }).finally(() => clearInterval(timer))
    expect(total).toBe(60 * 1024 * 1024)
    expect(largest).toBeLessThan(16 * 1024 * 1024)
  })

  describe('a file that WhatsApp has no more', () => {
    afterEach(() => host.reset())

    test('is asked of the phone, and fetched from its new place', async () => {
      const { source, encrypted } = encryptFile(bytes(1000), 'image')
      const { url: newUrl, directPath } = host.offer(encrypted)
      const missing = { ...source, url: newUrl, directPath: '/v/missing.enc' }
      await transferFile(missing, {
        ...local,
        url,
        token: 'secret',
        requestReupload: async (message) => {
          expect(message.key).toEqual(source.key)
          expect(Buffer.from(message.message!.imageMessage!.mediaKey!).toString('base64')).toBe(
            source.mediaKey,
          )
          return { ...message, message: { imageMessage: { directPath, url: newUrl } } }
        },
      })
      await expect.poll(() => received[0]?.body.equals(bytes(1000))).toBe(true)
    })

    test('is gone when the phone does not help', async () => {
      host.answerWith(410)
      const requestReupload = () => Promise.reject(new Error('offline'))
      const transfer = transferFile(offer(bytes(10)), { ...local, url, token: 'secret', requestReupload })
      await expect(transfer).rejects.toMatchObject({ code: 'gone' })
    })
  })
})
