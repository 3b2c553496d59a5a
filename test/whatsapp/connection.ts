import { type BinaryNode, decodeBinaryNode, encodeBinaryNode, type proto } from 'baileys'
import type { RawData, WebSocket } from 'ws'
import { encodeFrame, FrameReader } from './frame.ts'
import { node } from './node.ts'
import { NoiseResponder, type ServerKeys } from './noise.ts'

interface ConnectionHandlers {
  onClient(connection: Connection, clientStatic: Buffer, payload: proto.ClientPayload): void
  onStanza(connection: Connection, stanza: BinaryNode): Promise<void>
  onClose(connection: Connection): void
}

/** One client's socket: handshake first, then stanzas, handled one after another in the order of arrival. */
export class Connection {
  readonly #socket: WebSocket
  readonly #noise: NoiseResponder
  readonly #reader = new FrameReader()
  readonly #handlers: ConnectionHandlers
  #phase: 'hello' | 'finish' | 'open' = 'hello'
  #work = Promise.resolve()
  #frozen = false
  #held: Buffer[] = []

  constructor(socket: WebSocket, keys: ServerKeys, handlers: ConnectionHandlers) {
    this.#socket = socket
    this.#noise = new NoiseResponder(keys)
    this.#handlers = handlers
    socket.on('message', (data) => this.#receive(data))
    socket.on('close', () => handlers.onClose(this))
    socket.on('error', () => socket.terminate())
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  send(stanza: BinaryNode): void {
    if (!this.isOpen) return
    const frame = encodeFrame(this.#noise.encrypt(encodeBinaryNode(stanza)))
    if (this.#frozen) this.#held.push(frame)
    else this.#socket.send(frame)
  }

  /** Ends the stream as WhatsApp does: an error stanza, then a clean close. */
  end(error: BinaryNode): void {
    this.send(error)
    this.#socket.close()
  }

  endWithStreamError(code: string, content?: BinaryNode[]): void {
    this.end(node('stream:error', { code }, content))
  }

  /** The network breaks: no close frame, no goodbye. */
  drop(): void {
    this.#socket.terminate()
  }

  /** The network goes silent in the direction of the client until `thaw`; the socket stays open. */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    for (const frame of this.#held.splice(0)) this.#socket.send(frame)
  }

  #receive(data: RawData): void {
    const chunk = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
    try {
      for (const frame of this.#reader.push(chunk)) this.#read(frame)
    } catch {
      this.drop()
    }
  }

  #read(frame: Buffer): void {
    if (this.#phase === 'hello') {
      this.#socket.send(encodeFrame(this.#noise.answerClientHello(frame)))
      this.#phase = 'finish'
    } else if (this.#phase === 'finish') {
      const { clientStatic, payload } = this.#noise.readClientFinish(frame)
      this.#phase = 'open'
      this.#handlers.onClient(this, clientStatic, payload)
    } else {
      const plaintext = this.#noise.decrypt(frame)
      this.#work = this.#work
        .then(async () => this.#handlers.onStanza(this, await decodeBinaryNode(plaintext)))
        .catch(() => this.drop())
    }
  }
}
