import type { EventEntry, KeyChange, SessionReport } from '../schema/link.ts'
import type { Cipher } from './cipher.ts'
import { withoutContent } from './refused-event.ts'

/** Something that becomes durable whole or not at all. Key values are plain here; `null` deletes. */
export interface Change {
  keys?: { type: string; id: string; value: Buffer | null }[]
  events?: EventEntry[]
  reports?: SessionReport[]
}

interface Gathered {
  change: Change
  number: number
  bytes: number
  isWithoutContent?: boolean
}

interface Commit {
  n: number
  bytes: number
  taken: Gathered[]
  frame: string
}

const sealBytes = 256 * 1024
const maxInFlight = 4

/**
 * Gathers changes into numbered commits, and remembers them until they are acknowledged.
 *
 * Guaranteed: a change is never split; commits are numbered without holes from the Session's `last` on; a commit is
 * byte-identical when it is sent again; `ackedChange` never runs ahead of what the Session has stored. A change is counted
 * the moment it is recorded, so whoever must wait for all that happened before waits for `lastChange`.
 *
 * A commit that the Session refuses for ever is made smaller by `reduce`, until what it cannot take stands alone.
 */
export class CommitQueue {
  lastChange = 0
  ackedChange = 0
  #epoch: number
  #lastN: number
  #cipher: Cipher
  #gathering: Gathered[] = []
  /** So many of those that gather go alone. */
  #alone = 0
  #inFlight: Commit[] = []
  #bytes = 0

  constructor({ epoch, last, cipher }: { epoch: number; last: number; cipher: Cipher }) {
    this.#epoch = epoch
    this.#lastN = last
    this.#cipher = cipher
  }

  /** Bytes that the Session has not acknowledged, approximately. */
  get uncommittedBytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#gathering.length === 0 && this.#inFlight.length === 0
  }

  /** Whether a commit is sealed that the Session has not acknowledged. */
  get isUnderWay(): boolean {
    return this.#inFlight.length > 0
  }

  /** Takes a change in; its number is to be compared with `ackedChange`. */
  record(change: Change): number {
    const bytes = sizeOf(change)
    this.lastChange += 1
    this.#gathering.push({ change, number: this.lastChange, bytes })
    this.#bytes += bytes
    return this.lastChange
  }

  /** The next commit frame to send, or undefined when nothing waits or enough is under way. */
  seal(): string | undefined {
    if (this.#gathering.length === 0 || this.#inFlight.length >= maxInFlight) return undefined
    let bytes = this.#gathering[0]!.bytes
    let count = 1
    const most = this.#alone > 0 ? 1 : this.#gathering.length
    while (count < most && bytes + this.#gathering[count]!.bytes <= sealBytes) {
      bytes += this.#gathering[count]!.bytes
      count += 1
    }
    const taken = this.#gathering.splice(0, count)
    this.#alone = Math.max(0, this.#alone - 1)
    this.#lastN += 1
    const body = mergeChanges(
      taken.map(({ change }) => change),
      this.#cipher,
    )
    const frame = JSON.stringify({ type: 'commit', epoch: this.#epoch, n: this.#lastN, ...body })
    this.#inFlight.push({ n: this.#lastN, bytes, taken, frame })
    return frame
  }

  /** The Session has stored everything up to commit `n`. */
  acknowledge(n: number): void {
    while (this.#inFlight.length > 0 && this.#inFlight[0]!.n <= n) {
      const commit = this.#inFlight.shift()!
      this.#bytes -= commit.bytes
      this.ackedChange = commit.taken.at(-1)!.number
    }
  }

  /**
   * After a broken link: the frames to send again when the Session has `last`, or undefined when it and this queue do not
   * belong together (it has commits that were never made here, or has lost some that it had acknowledged).
   */
  resume(last: number): string[] | undefined {
    const first = this.#inFlight[0]?.n ?? this.#lastN + 1
    if (last > this.#lastN || last < first - 1) return undefined
    this.acknowledge(last)
    return this.#inFlight.map(({ frame }) => frame)
  }

  /**
   * Makes something else of the first commit under way, which the Session has refused: of many changes one commit each,
   * of a single one the same without the content of its events. Undefined when nothing is left to be taken away. What was
   * under way is sealed again, under the same numbers: the Session has none of it.
   */
  reduce(): 'split' | 'withoutContent' | undefined {
    const refused = this.#inFlight[0]
    if (refused === undefined) return undefined
    const [first] = refused.taken as [Gathered]
    const isSingle = refused.taken.length === 1
    if (isSingle && (first.isWithoutContent === true || first.change.events === undefined)) return undefined
    if (isSingle) {
      first.change = { ...first.change, events: first.change.events!.flatMap(withoutContent) }
      first.isWithoutContent = true
    }
    this.#gathering.unshift(...this.#inFlight.flatMap(({ taken }) => taken))
    this.#alone = refused.taken.length
    this.#lastN = refused.n - 1
    this.#inFlight = []
    return isSingle ? 'withoutContent' : 'split'
  }
}

function sizeOf({ keys = [], events = [], reports = [] }: Change): number {
  let bytes = 16
  for (const { type, id, value } of keys) {
    bytes += 48 + type.length + id.length + Math.ceil(((value?.length ?? 0) + 29) / 3) * 4
  }
  if (events.length > 0) bytes += Buffer.byteLength(JSON.stringify(events))
  if (reports.length > 0) bytes += Buffer.byteLength(JSON.stringify(reports))
  return bytes
}

/** Many changes as one: of each key only its last value. */
function mergeChanges(changes: Change[], cipher: Cipher) {
  const last = new Map<string, { type: string; id: string; value: Buffer | null }>()
  for (const { keys = [] } of changes) for (const key of keys) last.set(`${key.type}\0${key.id}`, key)
  const keys: KeyChange[] = [...last.values()].map(({ type, id, value }) => ({
    type,
    id,
    value: value === null ? null : cipher.seal(type, id, value).toString('base64'),
  }))
  const events = changes.flatMap((change) => change.events ?? [])
  const reports = changes.flatMap((change) => change.reports ?? [])
  return {
    ...(keys.length > 0 && { keys }),
    ...(events.length > 0 && { events }),
    ...(reports.length > 0 && { reports }),
  }
}
