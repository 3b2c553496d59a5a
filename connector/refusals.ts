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

  giveUp(): void {
    this.#isHopeless = true
  }

  /** Whether it was given up since this was last asked. */
  takeVerdict(): boolean {
    const isHopeless = this.#isHopeless
    this.#isHopeless = false
    return isHopeless
  }
}
