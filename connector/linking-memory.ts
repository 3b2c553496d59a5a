import { collectGarbage } from './garbage.ts'

/** Fewer linkings leave too little behind to stop all sessions for it. */
export const minLinkings = 10
export const quietMs = 60_000

/**
 * Linking makes and drops hundreds of keys, and V8 keeps the memory, up to 2 MB a session, until it happens to collect all
 * garbage at a quiet time: it may never. So after a burst of linkings it is asked to, once, when the burst is over. That
 * stops the process for about 0.2 s with a hundred sessions, which is why lone linkings are left to V8.
 */
export class LinkingMemory {
  #collect: () => void
  #count = 0
  #timer: NodeJS.Timeout | undefined

  constructor(collect: () => void = giveBack) {
    this.#collect = collect
  }

  /** To be told of each account that was linked here. */
  noteLinked(): void {
    this.#count += 1
    if (this.#count < minLinkings) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#count = 0
      this.#collect()
    }, quietMs).unref()
  }
}

/** Collects all garbage and gives the emptied pages back, which an ordinary collection keeps (V8's `gc-extension.h`). */
export function giveBack(): void {
  collectGarbage({ type: 'major', flavor: 'last-resort' })
}
