import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
const separator = Buffer.from('\r\n\r\n')

/**
 * The subscriber of the benchmark: reads just enough HTTP to answer, so that what is measured is the sender. `onBody` gets
 * each body; a black hole reads and never answers.
 */
export class Sink {
  received = 0
  readonly #server: Server
  readonly #onBody: (body: Buffer) => void
  readonly #sockets = new Set<Socket>()

  private constructor(onBody: (body: Buffer) => void, isBlackHole: boolean) {
    this.#onBody = onBody
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.#sockets.delete(socket))
      if (isBlackHole) socket.resume()
      else this.#serve(socket)
    })
  }

  static async start(onBody: (body: Buffer) => void, isBlackHole = false): Promise<Sink> {
    const sink = new Sink(onBody, isBlackHole)
    await new Promise<void>((done) => sink.#server.listen(0, '127.0.0.1', done))
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(socket: Socket): void {
    let buffer: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk])
      for (;;) {
        const end = buffer.indexOf(separator)
        if (end < 0) return
        const head = buffer.toString('latin1', 0, end)
        const length = /content-length: *(\d+)/i.exec(head)
        const chunked = length ? undefined : readChunked(buffer, end + 4)
        if (!length && !chunked) return
        const stop = chunked ? chunked.end : end + 4 + Number(length![1])
        if (buffer.length < stop) return
        this.received++
        this.#onBody(chunked ? chunked.body : buffer.subarray(end + 4, stop))
        buffer = buffer.subarray(stop)
        socket.write(answer)
      }
    })
  }
}

function readChunked(buffer: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const line = buffer.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(buffer.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (buffer.length < next) return undefined
    if (size === 0) return { body: Buffer.concat(parts), end: next }
    parts.push(buffer.subarray(line + 2, line + 2 + size))
    at = next
  }
}
