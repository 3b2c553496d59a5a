import type { AuthenticationCreds, BinaryNode, WASocket } from './baileys.ts'
import { Gate, type GateLimits } from './gate.ts'
import type { IntakeBudget } from './intake-budget.ts'
import { Intake } from './intake.ts'
import type { Log } from './log.ts'
import { hookable, type RawSocket } from './raw-socket.ts'
import { keepOnlySent } from './retry-cache.ts'
import type { SessionStore, StoreView } from './store.ts'
import type { Undecrypted } from './undecrypted.ts'
import { keepAliveIntervalMs, makeSocket, type SocketOptions } from './whatsapp-socket.ts'

export interface WhatsAppOptions extends SocketOptions {
  store: SessionStore
  durability: { lastChange: number; ackedChange: number; uncommittedBytes: number }
  undecrypted: Undecrypted
  limits: GateLimits
  budget: IntakeBudget
  handlers: WhatsAppHandlers
}

export interface WhatsAppHandlers {
  /** Every stanza, before Baileys handles it. */
  stanza(node: BinaryNode): void
  /** Every event of Baileys in the moment in which it is made, before any buffer and before the stanza's receipt. */
  event(name: string, data: unknown): void
  qr(text: string, lifeMs: number): void
  opened(): void
  /** Once; nothing comes after it. */
  closed(code: number, message: string): void
  heldTooLong(): void
}

const silenceMs = keepAliveIntervalMs + 8000
/**
 * Events that nothing in Baileys listens to. They are taken where they are made, so its buffer is spared them: it holds
 * them until the backlog is through, and each new one makes it look at all that it holds.
 */
const forTheApplication = new Set([
  'messages.upsert',
  'messages.update',
  'messages.delete',
  'messages.reaction',
  'message-receipt.update',
  'messaging-history.set',
  'chats.upsert',
  'chats.update',
  'chats.delete',
  'contacts.upsert',
  'contacts.update',
  'groups.update',
])

const unlinkMs = 3000
const firstQrMs = 60_000
const nextQrMs = 20_000

/** One connection to WhatsApp: a Baileys socket whose bytes pass the gate. Never used again after it closed. */
export class WhatsAppConnection {
  readonly socket: WASocket
  readonly gate: Gate
  #intake: Intake
  #raw: RawSocket
  #view: StoreView
  #watchdog: NodeJS.Timeout
  #handlers: WhatsAppHandlers
  #lastFrameAt = performance.now()
  #qrCount = 0
  #isOver = false

  constructor(options: WhatsAppOptions) {
    const { view, store, creds } = options
    this.#view = view
    this.#handlers = options.handlers
    this.socket = makeSocket(options, () => this.#cutCorrupt(options.log))
    const raw = hookable(this.socket.ws)
    if (raw === undefined) {
      throw new Error(
        'this Baileys keeps its WebSocket elsewhere: bytes cannot be held, so nothing is connected',
      )
    }
    this.#raw = raw
    const { durability, undecrypted, limits, budget } = options
    const onExceeded = () => options.handlers.heldTooLong()
    this.gate = new Gate({ raw, durability, limits, onExceeded })
    const { gate } = this
    const { maxUncommittedBytes } = limits
    this.#intake = new Intake({
      raw,
      durability,
      gate,
      undecrypted,
      maxUncommittedBytes,
      budget,
      onExceeded,
    })
    this.#listen(store, creds)
    this.#watchdog = setInterval(() => this.#checkSilence(), 5000)
  }

  /** More is durable: what waited for it leaves, and what was not read may be. */
  acked(): void {
    this.gate.release()
    this.#intake.regulate()
  }

  /** Lets the connection go politely: what may still leave has left. */
  close(): void {
    if (this.#isOver) return
    this.#finish()
    this.#raw.send = () => {}
    void this.socket.end(undefined)
    this.#endQueries()
    setTimeout(() => this.#raw.terminate(), 1000).unref()
  }

  /** Cuts the connection: not one more byte leaves. */
  drop(): void {
    if (this.#isOver) return
    this.#finish()
    this.#raw.terminate()
    void this.socket.end(undefined)
    this.#endQueries()
  }

  /** Asks WhatsApp to remove this device; resolves when it has closed the connection, or after a while. */
  async unlink(): Promise<void> {
    const jid = this.socket.authState.creds.me?.id
    if (this.#isOver || jid === undefined) return this.close()
    const closed = new Promise<void>((resolve) => {
      this.#raw.addEventListener('close', () => resolve())
      setTimeout(resolve, unlinkMs)
    })
    const remove = { tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }
    const attrs = { to: '@s.whatsapp.net', type: 'set', id: this.socket.generateMessageTag(), xmlns: 'md' }
    await this.socket.sendNode({ tag: 'iq', attrs, content: [remove] }).catch(() => {})
    await closed
    this.close()
  }

  #finish(): void {
    this.#isOver = true
    this.gate.close()
    this.#intake.close()
    this.#view.detach()
    clearInterval(this.#watchdog)
  }

  /**
   * Baileys stops listening for the end of its own socket when it ends by itself or is told to: what waits for an answer
   * would do so for a minute, and everything that is to be sent behind it.
   */
  #endQueries(): void {
    this.socket.ws.emit('error', new Error('the connection has ended'))
  }

  #cutCorrupt(log: Log): void {
    log.warn('bytes came from WhatsApp that it did not send so: it is connected to anew')
    this.#raw.terminate()
  }

  #listen(store: SessionStore, creds: AuthenticationCreds): void {
    const { socket } = this
    const see = keepOnlySent(socket)
    socket.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
      if (this.#isOver) return
      this.#lastFrameAt = performance.now()
      if (frame instanceof Uint8Array) return
      see(frame)
      this.#handlers.stanza(frame)
      this.#intake.regulate()
    })
    // An HTTP error instead of a WebSocket: Baileys' client takes it from `ws` and does nothing with it.
    socket.ws.on('unexpected-response', () => this.#raw.terminate())
    const emit = socket.ev.emit.bind(socket.ev)
    socket.ev.emit = (name, data) => {
      const emitted = forTheApplication.has(name) || emit(name, data)
      if (this.#isOver) return emitted
      if (name === 'creds.update') store.saveCreds(creds)
      this.#handlers.event(name, data)
      return emitted
    }
    socket.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
      if (this.#isOver) return
      if (qr !== undefined) {
        this.#qrCount += 1
        this.#handlers.qr(qr, this.#qrCount === 1 ? firstQrMs : nextQrMs)
      }
      if (connection === 'open') this.#handlers.opened()
      if (connection !== 'close') return
      this.#finish()
      this.#endQueries()
      const error = lastDisconnect?.error as { message: string; output?: { statusCode?: number } } | undefined
      this.#handlers.closed(error?.output?.statusCode ?? 500, error?.message ?? '')
    })
  }

  /**
   * A dead network tells nothing: after too long without a frame the socket is cut, and Baileys closes. When Baileys closes
   * by itself, nobody answers it there, and it would wait for half a minute.
   */
  #checkSilence(): void {
    const isSilent = performance.now() - this.#lastFrameAt > silenceMs
    if (isSilent || this.socket.ws.isClosing) this.#raw.terminate()
  }
}
