import { deflateSync } from 'node:zlib'
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
  #garbledAt: number | undefined
  /** Whether stanzas are sent compressed, as WhatsApp does with large ones. */
  compresses = false

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
    const frame = encodeFrame(this.#noise.encrypt(this.#encode(stanza)))
    this.#garble(frame)
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

  /** The network changes one bit of the next frame: of the byte at this place, from the end if it is negative. */
  garbleNext(at: number): void {
    this.#garbledAt = at
  }

  /** The network goes silent in the direction of the client until `thaw`; the socket stays open. */
  freeze(): void {
    this.#frozen = true
  }

  thaw(): void {
    this.#frozen = false
    for (const frame of this.#held.splice(0)) this.#socket.send(frame)
  }

  #encode(stanza: BinaryNode): Buffer {
    const plain = encodeBinaryNode(stanza)
    return this.compresses ? Buffer.concat([Buffer.from([2]), deflateSync(plain.subarray(1))]) : plain
  }

  #garble(frame: Buffer): void {
    if (this.#garbledAt === undefined) return
    const at = this.#garbledAt < 0 ? frame.length + this.#garbledAt : this.#garbledAt
    this.#garbledAt = undefined
    frame.writeUInt8(frame.readUInt8(at) ^ 1, at)
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
