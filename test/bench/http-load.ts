import { connect, type Socket } from 'node:net'

/** POSTs bodies over kept connections, at most so many at once; as few instructions a request as Node allows. */
export class HttpLoad {
  readonly #idle: Socket[] = []
  readonly #waiting: (() => void)[] = []
  readonly #host: string
  readonly #port: number
  readonly #maxConnections: number
  #busy = 0

  constructor(url: string, maxConnections = 32) {
    const { hostname, port } = new URL(url)
    this.#host = hostname
    this.#port = Number(port)
    this.#maxConnections = maxConnections
  }

  /** Resolves when the answer is there. */
  async post(body: string): Promise<void> {
    while (this.#busy >= this.#maxConnections) await new Promise<void>((done) => this.#waiting.push(done))
    this.#busy++
    const socket = await this.#take()
    const head = `POST / HTTP/1.1\r\nhost: relay\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
    await new Promise<void>((done) => {
      let text = ''
      const read = (chunk: Buffer) => {
        text += chunk.toString('latin1')
        if (!text.includes('\r\n\r\n')) return
        socket.off('data', read)
        done()
      }
      socket.on('data', read)
      socket.write(head + body)
    })
    this.#busy--
    this.#idle.push(socket)
    this.#waiting.shift()?.()
  }

  close(): void {
    for (const socket of this.#idle) socket.destroy()
  }

  /** The server closes connections that were idle for a while: those are left out. */
  async #take(): Promise<Socket> {
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop())
      if (socket.readyState === 'open') return socket
    const socket = connect(this.#port, this.#host)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    await new Promise<void>((done) => socket.once('connect', done))
    return socket
  }
}
