import type { CommitQueue } from './commit-queue.ts'
import type { Log } from './log.ts'

const maxRefusals = 5
/** Once it is known that something will not be taken, its parts are tried less often. */
const maxRefusalsOfParts = 3

/**
 * Counts how often the Session has refused the same commit: the link was closed for a bad frame, and the next one begins
 * at the same `last`. A commit that gets through in between begins the count anew.
 */
export class Refusals {
  #count = 0
  #last = -1
  #wasRefused = false
  #isReduced = false
  #isHopeless = false
  #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** The link was closed because of what was sent. */
  refused(): void {
    this.#wasRefused = true
  }

  /** Whether this commit will never be taken, now that the link resumes at `last`. */
  isRefusedForEver(last: number): boolean {
    if (this.#last !== last) this.#count = 0
    this.#last = last
    if (this.#wasRefused) this.#count += 1
    this.#wasRefused = false
    if (this.#count < (this.#isReduced ? maxRefusalsOfParts : maxRefusals)) return false
    this.#count = 0
    this.#isReduced = true
    return true
  }

  /** Nothing of what was refused is outstanding any more. */
  settled(): void {
    this.#isReduced = false
  }

  /** Takes out of the way what the Session will not have; false when that cannot be, and the link is to begin anew. */
  reduce(queue: Pick<CommitQueue, 'reduce'>, last: number): boolean {
    const what = queue.reduce()
    if (what === 'split') {
      this.#log.error(
        { last },
        'the Session refuses a commit again and again: its changes are sent one by one',
      )
    } else if (what === 'withoutContent') {
      this.#log.error({ last }, 'the Session refuses an event again and again: its content is left out')
    } else {
      this.#log.error({ last }, 'the Session refuses a change again and again: given up')
      this.#isHopeless = true
    }
    return what !== undefined
  }

  /** Whether it was given up since this was last asked. */
  takeVerdict(): boolean {
    const isHopeless = this.#isHopeless
    this.#isHopeless = false
    return isHopeless
  }
}
