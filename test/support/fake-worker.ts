import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { FleetUpFrame, LINK_VERSION } from '../../schema/link.ts'
import { FakeSession } from './fake-session.ts'

/** The Worker's side of both links, in memory, on a free port of the loopback interface. */
export class FakeWorker {
  readonly token = 'connector-token-of-a-test'
  readonly sessions = new Map<string, FakeSession>()
  readonly fleetFrames: FleetUpFrame[] = []
  url = ''
  /** HTTP status with which every WebSocket is refused. */
  refusal: number | undefined
  refused = 0
  #server: Server
  #sockets = new WebSocketServer({ noServer: true })
  #fleet: WebSocket | undefined

  static async start(): Promise<FakeWorker> {
    const worker = new FakeWorker()
    await new Promise<void>((resolve) => {
      worker.#server.listen(0, '127.0.0.1', resolve)
    })
    worker.url = `http://127.0.0.1:${(worker.#server.address() as AddressInfo).port}`
    return worker
  }

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => {
      const isAllowed = request.headers.authorization === `Bearer ${this.token}`
      const idObject = /^\/link\/sessions\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
      const session = this.sessions.get(idObject ?? '')
      if (this.refusal !== undefined) this.refused += 1
      if (this.refusal !== undefined) return socket.end(`HTTP/1.1 ${this.refusal} Refused\r\n\r\n`)
      if (!isAllowed) return socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      if (request.url !== '/link/fleet' && session === undefined) {
        return socket.end('HTTP/1.1 404 Not Found\r\n\r\n')
      }
      return this.#sockets.handleUpgrade(request, socket, head, (upgraded) => {
        if (session === undefined) this.#attachFleet(upgraded)
        else session.attach(upgraded)
      })
    })
  }

  /** A session that is wanted to run, given to the connector if there is one. */
  createSession(idSession = 'support'): FakeSession {
    const session = new FakeSession({
      idTenant: `ten_${randomBytes(12).toString('hex')}`,
      idSession,
      idObject: randomBytes(32).toString('hex'),
    })
    this.sessions.set(session.ref.idObject, session)
    this.run(session)
    return session
  }

  run(session: FakeSession): void {
    this.#fleet?.send(JSON.stringify({ type: 'run', session: session.ref }))
  }

  release(session: FakeSession): void {
    this.#fleet?.send(JSON.stringify({ type: 'release', idObject: session.ref.idObject }))
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #attachFleet(socket: WebSocket): void {
    this.#fleet = socket
    socket.on('message', (data) => {
      const frame = FleetUpFrame.parse(JSON.parse((data as Buffer).toString()))
      this.fleetFrames.push(frame)
      if (frame.type !== 'hello') return
      socket.send(JSON.stringify({ type: 'welcome', version: LINK_VERSION, beatSeconds: 1 }))
      for (const session of this.sessions.values()) this.run(session)
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, idObject, idFile] =
      /^\/link\/sessions\/([0-9a-f]{64})\/files\/([^/]+)$/.exec(request.url ?? '') ?? []
    const session = this.sessions.get(idObject ?? '')
    const isAllowed = request.headers.authorization === `Bearer ${this.token}`
    const file = session?.files.get(idFile ?? '')
    if (isAllowed && file !== undefined && request.method === 'GET') {
      const disposition = "attachment; filename*=UTF-8''stored%20name.pdf"
      response.writeHead(200, { 'content-type': 'image/jpeg', 'content-disposition': disposition }).end(file)
      return
    }
    if (!isAllowed || session === undefined || idFile === undefined || request.method !== 'PUT') {
      response.writeHead(isAllowed ? 404 : 401).end()
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    session.storeFile(idFile, Buffer.concat(chunks))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
}
