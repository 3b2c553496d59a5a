import { linkClose } from '../schema/link.ts'
import type { Log } from './log.ts'

/** How a WebSocket is closed whose frame is larger than the other side, or the network, takes. */
const tooLarge = 1009
/** How an object closes it that throws: nothing of what it was told is stored. */
const failed = 1011

/** Whether the Session has closed the link because it will not have what it was sent. */
export function isRefusal(code: number): boolean {
  return code === linkClose.badFrame || code === tooLarge
}

/** Why the link is over; undefined when it is to come back. */
export function endOf(code: number, httpStatus: number | undefined) {
  if (code === linkClose.released || httpStatus === 404 || httpStatus === 410) return 'released'
  if (code === linkClose.superseded) return 'superseded'
  if (code === linkClose.versionMismatch) return 'versionMismatch'
  return undefined
}

/** Tells of a Session that fails the first time, the second, the fourth …: it may go on for as long as a disk is full. */
export class SessionFailures {
  #log: Log
  #count = 0

  constructor(log: Log) {
    this.#log = log
  }

  closed(code: number): void {
    if (code !== failed) return
    this.#count += 1
    if (!Number.isInteger(Math.log2(this.#count))) return
    this.#log.error(
      { times: this.#count },
      'the Session fails at what it is told: see the Worker’s log; it is told again, more and more slowly',
    )
  }

  /** It has taken something. */
  over(): void {
    this.#count = 0
  }
}
