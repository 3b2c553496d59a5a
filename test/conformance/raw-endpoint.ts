import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** How one request is answered, byte by byte; the last way goes on for all that follow. */
export type RawAnswer = (socket: Socket) => void

export interface RawRequest {
  at: number
  /** Path and query as they came. */
  target: string
  idEvent: string
  body: string
}

/** A receiver below HTTP: it reads requests as they should be, and answers with whatever bytes it is told. */
export class RawEndpoint {
  readonly received: RawRequest[] = []
  /** Connections that are open. */
  connections = 0
  readonly #answers: RawAnswer[]
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(answers: RawAnswer[]) {
    this.#answers = answers
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(...answers: RawAnswer[]): Promise<RawEndpoint> {
    const endpoint = new RawEndpoint(answers)
    await new Promise<void>((done) => {
      endpoint.#server.listen(0, '127.0.0.1', done)
    })
    return endpoint
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #serve(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.connections--
      this.#sockets.delete(socket)
    })
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const [head = '', body] = text.split('\r\n\r\n')
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
      if (body === undefined || Buffer.byteLength(body) < length) return
      text = ''
      const idEvent = /^webhook-id: *(\S+)/im.exec(head)?.[1] ?? ''
      const [, target = ''] = head.split(' ')
      this.received.push({ at: Date.now(), target, idEvent, body })
      const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0]
      answer?.(socket)
    })
  }
}

/** Sends these bytes; the connection stays open. */
export const says =
  (...bytes: string[]): RawAnswer =>
  (socket) => {
    for (const part of bytes) socket.write(part)
  }

/** Sends these bytes and ends the connection. */
export const saysAndEnds =
  (bytes: string): RawAnswer =>
  (socket) =>
    void socket.end(bytes)

/** Sends these bytes, then breaks the connection off. */
export const saysAndBreaks =
  (bytes: string): RawAnswer =>
  (socket) =>
    void socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 50))

export const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
