import { Pauses, steadyMs } from './backoff.ts'

/** When WhatsApp is tried again after a connection has ended. */
export class Retries {
  #retry: () => void
  #pauses = new Pauses()
  #timer: NodeJS.Timeout | undefined
  #openedAt: number | undefined
  #restartedAt = -Infinity

  constructor(retry: () => void) {
    this.#retry = retry
  }

  /** A connection is begun, whatever was planned. */
  connecting(): void {
    this.cancel()
    this.#openedAt = undefined
  }

  opened(): void {
    this.#openedAt = performance.now()
  }

  ended(): void {
    this.#pauses.ended(this.#openedAt === undefined ? undefined : performance.now() - this.#openedAt)
  }

  /** WhatsApp asks for it; but once a while is enough: should it never do anything else, it is asked less and less often. */
  now(): void {
    const now = performance.now()
    if (now - this.#restartedAt < steadyMs) return this.later()
    this.#restartedAt = now
    return this.#after(0)
  }

  later(): void {
    this.#after(this.#pauses.next())
  }

  cancel(): void {
    clearTimeout(this.#timer)
  }

  #after(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#retry(), delayMs)
  }
}
