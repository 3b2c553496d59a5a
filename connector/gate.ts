import type { RawSocket } from './raw-socket.ts'

interface Durability {
  readonly lastChange: number
  readonly ackedChange: number
}

export interface GateLimits {
  maxHoldMs: number
  maxUncommittedBytes: number
}

/** Times `maxUncommittedBytes` that may be held: above it the connection ends. */
const mostHeld = 4

type Done = (error?: Error) => void

/**
 * Holds bytes towards WhatsApp until all that happened before them is durable.
 *
 * Guaranteed: a frame leaves only when every change recorded before it was handed over has been acknowledged; frames leave
 * in the order in which they came (the Noise cipher counts them). Baileys is told at once that a frame was sent, so it
 * goes on. A frame that waits longer than `maxHoldMs`, or too many bytes waiting, call `onExceeded`: then the WhatsApp
 * socket is to be terminated. Dropped frames are receipts and acknowledgements that were never given, so WhatsApp
 * delivers again.
 */
export class Gate {
  /** Frames that came through, for tests to compare with what WhatsApp saw. */
  framesSeen = 0
  #raw: RawSocket
  #send: RawSocket['send']
  #durability: Durability
  #limits: GateLimits
  #onExceeded: () => void
  #held: { data: Uint8Array; after: number; heldAt: number }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: { raw: RawSocket; durability: Durability; limits: GateLimits; onExceeded(): void }) {
    this.#raw = options.raw
    this.#durability = options.durability
    this.#limits = options.limits
    this.#onExceeded = options.onExceeded
    this.#send = options.raw.send.bind(options.raw)
    options.raw.send = (data, ...rest) => this.#take(data, rest)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** To be called when something was acknowledged: lets go what may go. */
  release(): void {
    if (this.#isClosed) return
    const { ackedChange } = this.#durability
    const stream = this.#raw._socket
    stream?.cork()
    while (this.#held.length > 0 && this.#held[0]!.after <= ackedChange) {
      const { data } = this.#held.shift()!
      this.#heldBytes -= data.length
      this.#send(data)
    }
    stream?.uncork()
    this.#watch()
  }

  /** Drops what is held; nothing leaves any more. */
  close(): void {
    this.#isClosed = true
    this.#held = []
    this.#heldBytes = 0
    clearTimeout(this.#timer)
  }

  #take(data: Uint8Array, rest: unknown[]): void {
    this.framesSeen += 1
    const done = rest.findLast((argument) => typeof argument === 'function') as Done | undefined
    if (this.#isClosed) return done?.(new Error('the connection is closed'))
    const after = this.#durability.lastChange
    if (this.#held.length === 0 && after <= this.#durability.ackedChange) {
      this.#send(data)
    } else {
      this.#held.push({ data, after, heldAt: performance.now() })
      this.#heldBytes += data.length
      this.#watch()
      if (this.#heldBytes > mostHeld * this.#limits.maxUncommittedBytes) this.#onExceeded()
    }
    if (done !== undefined) queueMicrotask(() => done())
    return undefined
  }

  #watch(): void {
    if (this.#held.length === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      return
    }
    this.#timer ??= setTimeout(() => this.#checkAge(), this.#limits.maxHoldMs)
  }

  #checkAge(): void {
    this.#timer = undefined
    const oldest = this.#held[0]
    if (oldest === undefined) return
    const leftMs = oldest.heldAt + this.#limits.maxHoldMs - performance.now()
    if (leftMs > 0) this.#timer = setTimeout(() => this.#checkAge(), leftMs)
    else this.#onExceeded()
  }
}
