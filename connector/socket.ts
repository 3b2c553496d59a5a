import { WebSocket } from 'ws'
import { backoffMs } from './backoff.ts'
import type { Log } from './log.ts'
import { maxFrameBytes } from '../schema/link.ts'

export interface SocketHandlers {
  open(): void
  /** One text frame, parsed as JSON; `undefined` when it is no JSON. */
  frame(frame: unknown): void
  /** The socket is gone. The answer says whether to try again. */
  closed(code: number, httpStatus: number | undefined): 'retry' | 'end'
}

const pingMs = 10_000
const handshakeMs = 10_000
const steadyMs = 30_000

/**
 * A WebSocket to the Worker that comes back by itself, with backoff and jitter, until it is ended; one that is silent for
 * two pings is taken for dead.
 */
export class ReconnectingSocket {
  #url: string
  #token: string
  #log: Log
  #handlers: SocketHandlers
  #socket: WebSocket | undefined
  #retry: NodeJS.Timeout | undefined
  #attempt = 0
  #ended = false

  constructor(options: { url: string; token: string; log: Log; handlers: SocketHandlers }) {
    this.#url = options.url
    this.#token = options.token
    this.#log = options.log
    this.#handlers = options.handlers
    this.#connect()
  }

  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  /** Closes this connection, to come back with another. */
  restart(code: number, reason: string): void {
    this.#socket?.close(code, reason)
  }

  /** Closes for good; no handler is called any more. */
  end(code = 1000, reason = ''): void {
    this.#ended = true
    clearTimeout(this.#retry)
    const socket = this.#socket
    if (socket === undefined) return
    socket.close(code, reason)
    setTimeout(() => socket.terminate(), 2000).unref()
  }

  #connect(): void {
    const openedAt = { value: 0 }
    let httpStatus: number | undefined
    let isAlive = true
    const socket = new WebSocket(this.#url, {
      headers: { authorization: `Bearer ${this.#token}` },
      handshakeTimeout: handshakeMs,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
    })
    this.#socket = socket
    const ping = setInterval(() => {
      if (!isAlive) return socket.terminate()
      isAlive = false
      if (socket.readyState === WebSocket.OPEN) socket.ping()
    }, pingMs)
    socket.on('unexpected-response', (_request, response) => {
      httpStatus = response.statusCode
      socket.terminate()
    })
    socket.on('error', (error) => this.#log.debug({ error: error.message }, 'socket to the Worker failed'))
    socket.on('pong', () => (isAlive = true))
    socket.on('open', () => {
      openedAt.value = performance.now()
      if (!this.#ended) this.#handlers.open()
    })
    socket.on('message', (data, isBinary) => {
      isAlive = true
      if (!this.#ended) this.#handlers.frame(isBinary ? undefined : parseJson((data as Buffer).toString()))
    })
    socket.on('close', (code) => {
      clearInterval(ping)
      if (this.#ended) return
      if (openedAt.value > 0 && performance.now() - openedAt.value > steadyMs) this.#attempt = 0
      if (this.#handlers.closed(code, httpStatus) === 'end') this.#ended = true
      else this.#scheduleRetry()
    })
  }

  #scheduleRetry(): void {
    this.#attempt += 1
    const delayMs = backoffMs(this.#attempt, { firstMs: 100, maxMs: 3000 })
    this.#retry = setTimeout(() => this.#connect(), delayMs)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The WebSocket address of a path of the Worker. */
export function webSocketUrl(workerUrl: string, path: string): string {
  return `${workerUrl.replace(/^http/, 'ws')}${path}`
}
