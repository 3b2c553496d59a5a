import 'reflect-metadata'
import {
  cryptoProvider,
  X509CertificateGenerator,
  BasicConstraintsExtension,
  KeyUsagesExtension,
  KeyUsageFlags,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509'
import { getMediaKeys, type MediaType } from 'baileys'
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, webcrypto } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface Authority {
  certificate: string
  key: string
}

const day = 86_400_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Makes a certificate for 127.0.0.1 that signs itself: the authority that clients are to trust, and the host's own. */
export async function createAuthority(notAfter = Date.now() + 3650 * day): Promise<Authority> {
  cryptoProvider.set(webcrypto as never)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=ChatLink WhatsApp simulator',
    notBefore: new Date(notAfter - 3651 * day),
    notAfter: new Date(notAfter),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  })
  const exported = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = exported.match(/.{1,64}/g)!.join('\n')
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
  }
}

/** The fields of a media message that say where the file is and how to decrypt and check it. */
export interface StoredMedia {
  url: string
  directPath: string
  mediaKey: Uint8Array
  fileEncSha256: Uint8Array
  fileSha256: Uint8Array
  fileLength: number
  mediaKeyTimestamp: number
}

/** What all files may take together; beyond it the oldest go. */
const maxBytes = 256 * 1024 * 1024

/** The HTTPS host from which clients fetch encrypted files and to which they send theirs. */
export class MediaHost {
  readonly #files = new Map<string, Buffer>()
  #bytes = 0
  readonly #server: Server
  /** Paths that answer with this status instead of their file, until deleted: a file that has expired, a host that is ill. */
  readonly failures = new Map<string, number>()
  /** Takes what clients upload, and answers nothing. */
  swallowsUploads = false
  readonly requests: { method: string; path: string }[] = []

  private constructor(authority: Authority) {
    this.#server = createServer({ cert: authority.certificate, key: authority.key }, (request, response) => {
      const path = new URL(request.url ?? '/', 'https://host').pathname
      this.requests.push({ method: request.method ?? '', path })
      if (this.requests.length > 10_000) this.requests.splice(0, 5_000)
      const failure = this.failures.get(path)
      if (failure !== undefined) {
        request.resume()
        response.writeHead(failure).end()
      } else if (request.method === 'POST') {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          if (this.swallowsUploads) return
          const directPath = this.#store(Buffer.concat(chunks))
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ url: this.origin + directPath, direct_path: directPath }))
        })
      } else {
        const file = this.#files.get(path)
        if (!file) {
          response.writeHead(404).end()
          return
        }
        const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
        const start = range ? Number(range[1]) : 0
        const end = range?.[2] ? Math.min(Number(range[2]), file.length - 1) : file.length - 1
        response.writeHead(range ? 206 : 200, {
          'content-length': end - start + 1,
          ...(range && { 'content-range': `bytes ${start}-${end}/${file.length}` }),
        })
        response.end(file.subarray(start, end + 1))
      }
    })
  }

  static async start(authority: Authority, port: number): Promise<MediaHost> {
    const host = new MediaHost(authority)
    await new Promise<void>((resolve, reject) => {
      host.#server.once('error', reject)
      host.#server.listen(port, '127.0.0.1', resolve)
    })
    return host
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get origin(): string {
    return `https://${this.address}`
  }

  /** Encrypts a file as WhatsApp does and offers it for download. */
  async store(plaintext: Uint8Array, type: MediaType): Promise<StoredMedia> {
    const mediaKey = randomBytes(32)
    const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, type)
    const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
    const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()])
    const mac = createHmac('sha256', macKey!).update(iv).update(encrypted).digest().subarray(0, 10)
    const file = Buffer.concat([encrypted, mac])
    const directPath = this.#store(file)
    return {
      url: this.origin + directPath,
      directPath,
      mediaKey,
      fileEncSha256: createHash('sha256').update(file).digest(),
      fileSha256: createHash('sha256').update(plaintext).digest(),
      fileLength: plaintext.length,
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    }
  }

  /** Offers a stored file under another path, as after a second upload. */
  storeAgain(directPath: string): string {
    const file = this.#files.get(directPath)
    if (!file) throw new Error(`the media host never had ${directPath}`)
    return this.#store(file)
  }

  /** Fetches and decrypts what a client uploaded, as its recipient's phone would. */
  async open(directPath: string, mediaKey: Uint8Array, type: MediaType): Promise<Buffer> {
    const file = this.#files.get(directPath)
    if (!file) throw new Error(`the media host has no ${directPath}`)
    const { iv, cipherKey } = await getMediaKeys(mediaKey, type)
    const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
    return Buffer.concat([decipher.update(file.subarray(0, -10)), decipher.final()])
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #store(file: Buffer): string {
    const directPath = `/v/${randomBytes(16).toString('hex')}.enc`
    this.#files.set(directPath, file)
    this.#bytes += file.length
    for (const [oldest, { length }] of this.#files) {
      if (this.#bytes <= maxBytes || oldest === directPath) break
      this.#files.delete(oldest)
      this.#bytes -= length
    }
    return directPath
  }
}
