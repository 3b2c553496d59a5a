import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** Stands between the connectors and the Worker, so that their link can be cut and slowed. */
export class Proxy {
  delayMs = 0
  isCut = false
  /** Objects of the sessions to which a connector has opened a link. */
  readonly sessionObjects = new Set<string>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #targets = new Set<Socket>()

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      if (this.isCut) {
        client.destroy()
        return
      }
      const target = connect(targetPort, '127.0.0.1')
      this.#targets.add(target)
      target.on('close', () => this.#targets.delete(target))
      client.once('data', (chunk) => {
        const [, idObject] = /^GET \/link\/sessions\/([0-9a-f]{64}) /.exec(chunk.toString('latin1')) ?? []
        if (idObject !== undefined) this.sessionObjects.add(idObject)
      })
      this.#join(client, target)
      this.#join(target, client)
    })
  }

  static async start(targetPort: number): Promise<Proxy> {
    const proxy = new Proxy(targetPort)
    await new Promise<void>((done) => proxy.#server.listen(0, '127.0.0.1', done))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks every connection, in the middle of whatever they carry; new ones are refused until `mend`. */
  cut(): void {
    this.isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.isCut = false
  }

  /** Puts a frame that means nothing into every stream towards the Worker. */
  garble(): void {
    for (const target of this.#targets)
      target.write(Buffer.from([0x81, 0x85, 1, 2, 3, 4, 0x69, 0x22, 0x7a, 0x26, 0x6e]))
  }

  close(): void {
    this.cut()
    this.#server.close()
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('data', (chunk) => {
      if (this.delayMs === 0) to.write(chunk)
      else setTimeout(() => to.write(chunk), this.delayMs)
    })
    from.on('error', () => from.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }
}
