import type { Undecrypted } from './undecrypted.ts'

/**
 * Holds bytes towards WhatsApp until all that happened before them is durable.
 *
 * Guaranteed: a frame leaves only when every change recorded before it was handed over has been acknowledged; frames leave
 * in the order in which they came (the Noise cipher counts them). Baileys is told at once that a frame was sent, so it
 * goes on. A frame that waits longer than `maxHoldMs`, or too many bytes waiting, call `onExceeded`: then the WhatsApp
 * socket is to be terminated. Dropped frames are receipts and acknowledgements that were never given, so WhatsApp
 * delivers again. Above `maxUncommittedBytes` nothing more is read, nor above four times as much that is not decrypted yet,
 * as long as decrypting goes on: when it stands still for a second, what it waits for may lie behind what is not read, so
 * more and more is let in, up to 64 times as much; that calls `onExceeded`, too.
 *
 * The hook is the `send` of the WebSocket inside Baileys' client, an internal field: `hookable` finds out whether it is there.
 */
export interface RawSocket {
  readyState: number
  send(data: Uint8Array, ...rest: unknown[]): void
  pause(): void
  resume(): void
  terminate(): void
  addEventListener(type: 'close', listener: () => void): void
  /** Used, where it is there, to write many frames with one system call. */
  _socket?: { cork(): void; uncork(): void } | null
}

interface Durability {
  lastChange: number
  ackedChange: number
  uncommittedBytes: number
}

export interface GateLimits {
  maxHoldMs: number
  maxUncommittedBytes: number
}

/** Times `maxUncommittedBytes` that may be held: above it the connection ends. */
const mostHeld = 4
/** Times `maxUncommittedBytes` that may wait undecrypted: then reading pauses … */
const muchUndecrypted = 4
/** … and, when decrypting has stood still and it has become so many, the connection ends. */
const mostUndecrypted = 64
/** So long decrypting may stand still before more is let in. */
const standstillMs = 1000

type Done = (error?: Error) => void

/** The WebSocket inside Baileys' client, or undefined when this Baileys has it elsewhere. */
export function hookable(client: unknown): RawSocket | undefined {
  const socket = (client as { socket?: Partial<RawSocket> | null }).socket
  const has = (name: keyof RawSocket) => typeof socket?.[name] === 'function'
  if (!has('send') || !has('pause') || !has('resume') || !has('terminate')) return undefined
  return socket as RawSocket
}

export class Gate {
  /** Frames that came through, for tests to compare with what WhatsApp saw. */
  framesSeen = 0
  #raw: RawSocket
  #send: RawSocket['send']
  #durability: Durability
  #undecrypted: Undecrypted
  #limits: GateLimits
  #onExceeded: () => void
  #held: { data: Uint8Array; after: number; heldAt: number }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #standstillTimer: NodeJS.Timeout | undefined
  /** So much may wait undecrypted. */
  #mayWaitBytes: number
  #settledBefore = -1
  #isPaused = false
  #isClosed = false

  constructor(options: {
    raw: RawSocket
    durability: Durability
    undecrypted: Undecrypted
    limits: GateLimits
    onExceeded(): void
  }) {
    this.#raw = options.raw
    this.#durability = options.durability
    this.#undecrypted = options.undecrypted
    this.#undecrypted.onSettled = () => this.regulate()
    this.#limits = options.limits
    this.#mayWaitBytes = muchUndecrypted * options.limits.maxUncommittedBytes
    this.#onExceeded = options.onExceeded
    this.#send = options.raw.send.bind(options.raw)
    options.raw.send = (data, ...rest) => this.#take(data, rest)
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
    this.regulate()
  }

  /** To be called now and then: stops reading when too much is uncommitted, and starts again. */
  regulate(): void {
    if (this.#isClosed) return
    const { uncommittedBytes } = this.#durability
    const { maxUncommittedBytes } = this.#limits
    const { bytes } = this.#undecrypted
    if (bytes < 2 * maxUncommittedBytes) this.#mayWaitBytes = muchUndecrypted * maxUncommittedBytes
    if (!this.#isPaused && (uncommittedBytes > maxUncommittedBytes || bytes > this.#mayWaitBytes)) {
      this.#isPaused = true
      this.#raw.pause()
    } else if (
      this.#isPaused &&
      uncommittedBytes < maxUncommittedBytes / 2 &&
      bytes < this.#mayWaitBytes / 2
    ) {
      this.#isPaused = false
      this.#raw.resume()
    }
    if (this.#isPaused) this.#standstillTimer ??= setTimeout(() => this.#checkStandstill(), standstillMs)
  }

  /** Drops what is held; nothing leaves any more. */
  close(): void {
    this.#isClosed = true
    this.#held = []
    clearTimeout(this.#timer)
    clearTimeout(this.#standstillTimer)
  }

  #checkStandstill(): void {
    this.#standstillTimer = undefined
    const { bytes, settled } = this.#undecrypted
    if (bytes > mostUndecrypted * this.#limits.maxUncommittedBytes) return this.#onExceeded()
    if (settled === this.#settledBefore)
      this.#mayWaitBytes = 2 * bytes + muchUndecrypted * this.#limits.maxUncommittedBytes
    this.#settledBefore = settled
    this.regulate()
  }

  #take(data: Uint8Array, rest: unknown[]): void {
    this.framesSeen += 1
    const done = rest.findLast((argument) => typeof argument === 'function') as Done | undefined
    if (this.#isClosed) return done?.(new Error('the connection is closed'))
    const after = this.#durability.lastChange
    if (this.#held.length === 0 && after <= this.#durability.ackedChange) {
      this.#send(data)
    } else {
      this.#held.push({ data, after, heldAt: Date.now() })
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
    const leftMs = oldest.heldAt + this.#limits.maxHoldMs - Date.now()
    if (leftMs > 0) this.#timer = setTimeout(() => this.#checkAge(), leftMs)
    else this.#onExceeded()
  }
}
