import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeAuthority, type ServerCertificate } from './certificates.ts'
import { ok, RawEndpoint, says, saysAndBreaks, saysAndEnds, type RawAnswer } from './raw-endpoint.ts'
import type { Case } from './case.ts'
import { ConformanceStage } from './stage.ts'
import { text } from './texts.ts'
import { pause, waitUntil } from './waiting.ts'

let stage: ConformanceStage
let authority: Awaited<ReturnType<typeof makeAuthority>>

beforeAll(async () => {
  authority = await makeAuthority()
  stage = await ConformanceStage.start()
  // The Worker of this stage trusts our authority besides the usual ones; all else stays as it is.
  const path = join(stage.installation.dataDirectory, 'run/workerd.capnp')
  const config = readFileSync(path, 'utf8')
  const usual = 'trustBrowserCas = true'
  expect(config).toContain(usual)
  const certificates = `trustedCertificates = [${JSON.stringify(authority.certificate)}]`
  writeFileSync(path, config.replace(usual, `${usual}, ${certificates}`))
  await stage.crash()
  await stage.reconnect()
})

afterAll(async () => {
  await stage?.stop()
})

/** An event to an endpoint that answers so, byte for byte. */
async function sendTo(...answers: RawAnswer[]): Promise<{ one: Case; endpoint: RawEndpoint }> {
  const endpoint = await RawEndpoint.start(...answers)
  const one = await stage.case({ url: endpoint.url })
  await one.publish(text('x'))
  return { one, endpoint }
}

const idsOf = ({ received }: RawEndpoint) => new Set(received.map(({ idEvent, body }) => idEvent + body))

describe.concurrent('C. Answers, byte by byte', () => {
  const interim: Record<string, string> = {
    100: 'HTTP/1.1 100 Continue\r\n\r\n',
    103: 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n',
    '103, 100': 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n',
  }

  it.each(Object.entries(interim))('18. takes %s, then 200, for delivered', async (_status, bytes) => {
    const { one, endpoint } = await sendTo(says(bytes + ok))
    const parts = await sendTo((socket) => {
      // In two pieces, the second of which begins in the midst of a head.
      socket.write(bytes + ok.slice(0, 20))
      setTimeout(() => socket.write(ok.slice(20)), 300)
    })
    for (const sent of [{ one, endpoint }, parts]) {
      const { idEvent } = await sent.one.untilStatus('delivered', 10_000)
      expect(await sent.one.attempts(idEvent)).toMatchObject([{ statusCode: 200, errorClass: null }])
      await waitUntil(() => sent.endpoint.connections === 0, 'the connection is let go')
      expect(sent.endpoint.received).toHaveLength(1)
      await sent.endpoint.close()
    }
  })

  it('18. takes 100, then 503, for what 503 means', async () => {
    const busy = 'HTTP/1.1 503 Busy\r\nRetry-After: 3\r\ncontent-length: 5\r\n\r\nlater'
    const { one, endpoint } = await sendTo(says(interim[100] + busy), says(ok))
    const { idEvent } = await one.untilStatus('delivered')
    expect((await one.attempts(idEvent))[0]).toMatchObject({ statusCode: 503, responseExcerpt: 'later' })
    const [first, second] = endpoint.received.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2900)
    await endpoint.close()
  })

  it('18. never takes an interim answer alone for a delivery', async () => {
    const silent = await sendTo(says(interim[100] ?? ''), says(ok))
    const ended = await sendTo(saysAndEnds(interim[103] ?? ''), says(ok))
    for (const [{ one, endpoint }, errorClass] of [
      [ended, 'connectionFailed'],
      [silent, 'timeout'],
    ] as const) {
      const { idEvent } = await one.untilStatus('delivered', 30_000)
      expect((await one.attempts(idEvent))[0]).toMatchObject({ errorClass, statusCode: null })
      expect(endpoint.received).toHaveLength(2)
      expect(idsOf(endpoint).size).toBe(1)
      await endpoint.close()
    }
  }, 60_000)

  it('22. is decided by the status when the connection breaks in the midst of the body', async () => {
    const begins = (status: string) => `HTTP/1.1 ${status}\r\ncontent-length: 1000\r\n\r\nthe beginning`
    const good = await sendTo(saysAndBreaks(begins('200 OK')))
    const bad = await sendTo(saysAndBreaks(begins('500 Oh')), says(ok))
    const delivered = await good.one.untilStatus('delivered')
    expect(delivered).toMatchObject({ attempts: 1, lastStatusCode: 200 })
    const { idEvent } = await bad.one.untilStatus('delivered')
    expect((await bad.one.attempts(idEvent))[0]).toMatchObject({ errorClass: 'httpStatus', statusCode: 500 })
    await pause(1500)
    expect(good.endpoint.received).toHaveLength(1)
    await Promise.all([good.endpoint.close(), bad.endpoint.close()])
  })

  it.each([
    ['', ''],
    [' behind an interim one', interim[103] ?? ''],
  ])(
    '25. gives up an answer%s whose headers are without end, as soon as they are too large',
    async (_where, before) => {
      const line = `x-filler: ${'x'.repeat(8000)}\r\n`
      const { one, endpoint } = await sendTo((socket) => {
        socket.write(`${before}HTTP/1.1 200 OK\r\n`)
        const more = () => {
          while (!socket.destroyed && socket.write(line)) continue
        }
        socket.on('drain', more)
        more()
      }, says(ok))
      const { idEvent } = await one.untilStatus('delivered', 30_000)
      const [first] = await one.attempts(idEvent)
      expect(first).toMatchObject({ errorClass: 'connectionFailed', statusCode: null })
      expect(first?.durationMs).toBeLessThan(10_000)
      await waitUntil(() => endpoint.connections <= 1, 'the connection is let go')
      await endpoint.close()
    },
  )

  it.each([
    ['words', 'you have reached the webhook\r\n\r\n'],
    ['another protocol', 'SMTP/1.1 200 OK\r\n\r\nok'],
    ['a status that is none', 'HTTP/1.1 two hundred\r\n\r\n'],
    ['binary', '\u0000\u0001\u0016\u0003'],
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['headers that break off', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ])('26. tells an answer of %s as a failed connection, and tries again', async (_what, bytes) => {
    const { one, endpoint } = await sendTo(saysAndEnds(bytes), says(ok))
    const { idEvent, attempts } = await one.untilStatus('delivered')
    expect(attempts).toBe(2)
    const [first] = await one.attempts(idEvent)
    expect(first).toMatchObject({ errorClass: 'connectionFailed', statusCode: null, responseExcerpt: null })
    expect(idsOf(endpoint).size).toBe(1)
    await endpoint.close()
  })

  it('26. is delivered by a 2xx whose body is no proper one', async () => {
    const chunks = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\nnot a chunk\r\n'
    const { one, endpoint } = await sendTo(saysAndEnds(chunks))
    expect(await one.untilStatus('delivered')).toMatchObject({ attempts: 1, lastStatusCode: 200 })
    await endpoint.close()
  })

  it('30. ends by its time, as timeout, when the connection is never made', async () => {
    const wall = await Wall.build()
    try {
      const one = await stage.case({ url: `http://127.0.0.1:${wall.port}/` })
      const startedAt = Date.now()
      await one.publish(text('x'))
      const { idEvent } = await one.untilStatus('failing', 25_000)
      const [first] = await one.attempts(idEvent)
      expect(first).toMatchObject({ errorClass: 'timeout', statusCode: null })
      expect(Date.now() - startedAt).toBeLessThan(18_000)
    } finally {
      wall.remove()
    }
  })
})

describe.concurrent('C. Certificates', () => {
  it.each([
    ['has expired', 'localhost', -1],
    ['is for another host', 'other.example', 30],
  ])(
    '21. fails as tlsFailed while the certificate %s, and delivers when it is renewed',
    async (_what, host, days) => {
      const bad = await authority.certify(host, Date.now() + days * 86_400_000)
      const server = await SecureServer.open(bad)
      const one = await stage.case({ url: server.url })
      await one.publish(text('x'))
      const failing = await one.untilStatus('failing')
      expect(failing).toMatchObject({ lastError: 'tlsFailed', lastStatusCode: null })
      expect(server.requests).toBe(0)
      server.present(await authority.certify('localhost'))
      const { idEvent } = await one.untilStatus('delivered')
      const log = await one.attempts(idEvent)
      expect(log[0]).toMatchObject({ errorClass: 'tlsFailed', responseExcerpt: null })
      expect(log.at(-1)).toMatchObject({ errorClass: null, statusCode: 200 })
      expect(server.requests).toBe(1)
      await server.close()
    },
  )

  it('21. fails as tlsFailed when an authority that nobody knows has signed', async () => {
    const unknown = await makeAuthority()
    const server = await SecureServer.open(await unknown.certify('localhost'))
    const one = await stage.case({ url: server.url })
    await one.publish(text('x'))
    expect(await one.untilStatus('exhausted')).toMatchObject({ lastError: 'tlsFailed', attempts: 4 })
    expect(server.requests).toBe(0)
    await server.close()
  })

  it('26. tells words inside of TLS from a failing TLS', async () => {
    const server = await SecureServer.open(await authority.certify('localhost'), 'this is no HTTP\r\n\r\n')
    const one = await stage.case({ url: server.url })
    await one.publish(text('x'))
    expect(await one.untilStatus('failing')).toMatchObject({ lastError: 'connectionFailed' })
    await server.close()
  })
})

/** An HTTPS server whose certificate can change. */
class SecureServer {
  requests = 0
  readonly #server

  private constructor(certificate: ServerCertificate, bytes: string | undefined) {
    this.#server = createServer(certificate, (request, response) => {
      this.requests++
      if (bytes === undefined) response.end()
      else request.socket.end(bytes)
    })
  }

  static async open(certificate: ServerCertificate, bytes?: string): Promise<SecureServer> {
    const server = new SecureServer(certificate, bytes)
    server.#server.listen(0)
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/`
  }

  present(certificate: ServerCertificate): void {
    this.#server.setSecureContext(certificate)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}

/** A port at which connecting never ends: a stopped process listens there, and its queue is full. */
class Wall {
  readonly port: number
  readonly #remove: () => void

  private constructor(port: number, remove: () => void) {
    this.port = port
    this.#remove = remove
  }

  static async build(): Promise<Wall> {
    const program = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
      console.log(server.address().port))`
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const port = Number(line.toString())
    child.kill('SIGSTOP')
    const sockets: Socket[] = []
    const remove = () => {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
    }
    for (let isFull = false; !isFull;) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      sockets.push(socket)
      isFull = !(await Promise.race([once(socket, 'connect').then(() => true), pause(500).then(() => false)]))
    }
    return new Wall(port, remove)
  }

  remove(): void {
    this.#remove()
  }
}
