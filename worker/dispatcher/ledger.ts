import type { LaneBook } from './lane-book.ts'
import type { Control, Delivered } from './record.ts'
import type { DispatcherStore, Progress } from './store.ts'
import type { Stream } from './stream.ts'
import { maxUnwritten, maxUnwrittenMs } from './unwritten.ts'

/** Progress is written, too, as soon as a stream has paused for so long: then a row costs no more than that of a lone event. */
export const restAfterMs = 100

/** Most of a batch's row; a row of SQLite here holds 2 MB. */
const maxRowCharacters = 256 * 1024

/** Gathers what has happened and writes it as one change: the fewer changes, the fewer rows and the less waiting. */
export class Ledger {
  since: number | null = null
  readonly #store: DispatcherStore
  readonly #stream: Stream
  readonly #book: LaneBook
  readonly #control: Control
  #delivered: Delivered[] = []
  #characters = 0
  #writes: (() => void)[] = []
  #isControlDirty = false
  #progress: Progress

  constructor(store: DispatcherStore, stream: Stream, book: LaneBook, control: Control, progress: Progress) {
    this.#store = store
    this.#stream = stream
    this.#book = book
    this.#control = control
    this.#progress = progress
  }

  get isDirty(): boolean {
    return this.since !== null
  }

  /** Whether so much is unwritten that it has to be written now, with `more` deliveries that are not known yet. */
  isFull(more = 0): boolean {
    if (this.since === null) return false
    return this.#delivered.length + more >= maxUnwritten || this.#characters > maxRowCharacters
  }

  /** Whether something is unwritten for so long that it is time to write. */
  isOld(now: number): boolean {
    return this.since !== null && now - this.since >= maxUnwrittenMs
  }

  delivered(entry: Delivered, now: number): void {
    this.#delivered.push(entry)
    for (const { excerpt, url } of entry.attempts) this.#characters += excerpt.length + url.length + 150
    this.touch(now)
  }

  /** A write that belongs to the next change. */
  also(write: () => void, now: number): void {
    this.#writes.push(write)
    this.touch(now)
  }

  controlChanged(now: number): void {
    this.#isControlDirty = true
    this.touch(now)
  }

  /** Something else has changed: a lane, the cursor. */
  touch(now: number): void {
    this.since ??= now
  }

  /** Deliveries that are not written yet, newest first. */
  get unwritten(): Delivered[] {
    return this.#delivered.toReversed()
  }

  write(now: number): void {
    if (this.since === null) return
    const { cursor, open } = this.#stream
    const isMoved = cursor !== this.#progress.cursor || String(open) !== String(this.#progress.open)
    const next = { n: this.#progress.n + 1, cursor, open }
    this.#store.change(() => {
      if (isMoved || this.#delivered.length > 0) this.#store.putBatch(next, now, this.#delivered)
      this.#book.write(this.#store)
      for (const write of this.#writes) write()
      if (this.#isControlDirty) this.#store.putControl(this.#control)
    })
    if (isMoved || this.#delivered.length > 0) this.#progress = next
    this.#delivered = []
    this.#characters = 0
    this.#writes = []
    this.#isControlDirty = false
    this.since = null
  }
}
