import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setDefaultCACertificates, getCACertificates } from 'node:tls'
import type { MediaSource, MediaType } from '../../connector/media-source.ts'
import { createAuthority } from '../whatsapp/media-host.ts'

const names = { image: 'Image', video: 'Video', audio: 'Audio', document: 'Document', sticker: 'Image' }

/** Encrypts a file as a sender's phone does. */
export function encryptFile(content: Buffer, mediaType: MediaType) {
  const mediaKey = randomBytes(32)
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, '', `WhatsApp ${names[mediaType]} Keys`, 112))
  const iv = keys.subarray(0, 16)
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv)
  const body = Buffer.concat([cipher.update(content), cipher.final()])
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(body).digest().subarray(0, 10)
  const encrypted = Buffer.concat([body, mac])
  const source: MediaSource = {
    mediaType,
    mediaKey: mediaKey.toString('base64'),
    fileSha256: createHash('sha256').update(content).digest('hex'),
    fileEncSha256: createHash('sha256').update(encrypted).digest('base64'),
    fileLength: content.length,
    mimetype: 'image/jpeg',
    key: { remoteJid: '34600111222@s.whatsapp.net', fromMe: false, id: 'A1' },
  }
  return { source, encrypted }
}

export type MediaServer = Awaited<ReturnType<typeof startMediaServer>>

/** A media host that can be told to be ill. Trusts its own certificate in this process. */
export async function startMediaServer() {
  const { certificate: cert, key } = await createAuthority()
  setDefaultCACertificates([...getCACertificates('default'), cert])
  const files = new Map<string, Buffer>()
  let status = 200
  let hidesLength = false
  let breakAt = Number.POSITIVE_INFINITY
  let stallAt = Number.POSITIVE_INFINITY
  const requests: string[] = []

  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request.headers.range ?? '')
    const file = files.get(request.url ?? '')
    if (status !== 200 || file === undefined) {
      response.writeHead(status === 200 ? 404 : status).end()
      return
    }
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const rest = file.subarray(start)
    response.writeHead(start > 0 ? 206 : 200, hidesLength ? {} : { 'content-length': rest.length })
    if (breakAt < rest.length) {
      const cut = breakAt
      breakAt = Number.POSITIVE_INFINITY
      response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20))
    } else if (stallAt < rest.length) response.write(rest.subarray(0, stallAt))
    else response.end(rest)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    requests,
    offer(encrypted: Buffer) {
      const directPath = `/v/${randomBytes(8).toString('hex')}.enc?ccb=11-4&oh=1`
      files.set(directPath, encrypted)
      return { url: origin + directPath, directPath }
    },
    answerWith: (code: number) => (status = code),
    hideLength: () => (hidesLength = true),
    breakAfter: (length: number) => (breakAt = length),
    stallAfter: (length: number) => (stallAt = length),
    reset() {
      status = 200
      hidesLength = false
      breakAt = stallAt = Number.POSITIVE_INFINITY
      requests.length = 0
    },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
