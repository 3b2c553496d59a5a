import type { IntakeBudget } from './intake-budget.ts'
import type { RawSocket } from './raw-socket.ts'
import type { Undecrypted } from './undecrypted.ts'

/** Times `maxUncommittedBytes` that may wait undecrypted: then reading pauses … */
const muchUndecrypted = 4
/** … and, when decrypting has stood still and it has become so many, the connection ends. */
const mostUndecrypted = 64
/** So long decrypting may stand still before more is let in. */
const standstillMs = 1000

interface IntakeOptions {
  raw: Pick<RawSocket, 'pause' | 'resume'>
  durability: { readonly uncommittedBytes: number }
  gate: { readonly heldBytes: number }
  undecrypted: Undecrypted
  maxUncommittedBytes: number
  budget: IntakeBudget
  onExceeded(): void
}

/**
 * How much is read from one connection to WhatsApp. What is not read stays with WhatsApp.
 *
 * Above `maxUncommittedBytes` nothing more is read, nor above four times as much that is not decrypted yet, as long as
 * decrypting goes on: when it stands still for a second, what it waits for may lie behind what is not read, so more and
 * more is let in, up to 64 times as much; then `onExceeded` is called, and the connection is to be terminated. Nor is more
 * read when all sessions of the process together have too much, and this one more than its share.
 */
export class Intake {
  #options: IntakeOptions
  #timer: NodeJS.Timeout | undefined
  /** So much may wait undecrypted. */
  #mayWaitBytes: number
  #settledBefore = -1
  #isPaused = false
  #isClosed = false

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#mayWaitBytes = muchUndecrypted * options.maxUncommittedBytes
    options.undecrypted.onSettled = () => this.regulate()
  }

  /** To be called now and then: stops reading when too much is in memory, and starts again. */
  regulate(): void {
    if (this.#isClosed) return
    const { raw, durability, gate, undecrypted, maxUncommittedBytes, budget } = this.#options
    const { uncommittedBytes } = durability
    const { bytes } = undecrypted
    if (bytes < 2 * maxUncommittedBytes) this.#mayWaitBytes = muchUndecrypted * maxUncommittedBytes
    const mayRead = budget.mayRead(this, uncommittedBytes + bytes + gate.heldBytes)
    const isMuch = uncommittedBytes > maxUncommittedBytes || bytes > this.#mayWaitBytes
    const isLittle = uncommittedBytes < maxUncommittedBytes / 2 && bytes < this.#mayWaitBytes / 2
    if (!this.#isPaused && (isMuch || !mayRead)) {
      this.#isPaused = true
      raw.pause()
    } else if (this.#isPaused && isLittle && mayRead) {
      this.#isPaused = false
      raw.resume()
    }
    if (this.#isPaused) this.#timer ??= setTimeout(() => this.#checkStandstill(), standstillMs)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#options.budget.leave(this)
  }

  #checkStandstill(): void {
    this.#timer = undefined
    const { undecrypted, maxUncommittedBytes, budget, onExceeded } = this.#options
    const { bytes, settled } = undecrypted
    if (bytes > mostUndecrypted * maxUncommittedBytes) return onExceeded()
    if (settled === this.#settledBefore) {
      this.#mayWaitBytes = 2 * bytes + muchUndecrypted * maxUncommittedBytes
      if (bytes > 0) budget.excuse(this)
    }
    this.#settledBefore = settled
    this.regulate()
  }
}
