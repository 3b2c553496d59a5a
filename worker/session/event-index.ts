import { readIdEvent, type LogEntry } from './event-line.ts'
import type { EventLog } from './log.ts'

/**
 * Which events are in the log: what makes a redelivered message one event.
 *
 * No row is written for an event. Each id is a hash of 64 bits in memory, read back from the log when it is first needed
 * in a life of the object; every `segmentSize` events their hashes are stored as one row, so that little of the log has
 * to be read. While an event is in the log, a hash that is found is checked against its id, so two different ids are never
 * taken for one. When only its hash is left, for one retention more, the hash decides: for a million events behind it, an
 * id is mistaken with a probability of 5e-14.
 */
export const segmentSize = 512

/** How many events back ids are certainly kept in memory, at 24 to 48 bytes each: 50 MB at most. */
export const maxIndexed = 1_500_000

type Hash = (text: string) => [high: number, low: number]

const statements = {
  segments: 'SELECT last, hashes FROM event_index WHERE last > ? ORDER BY last',
  newest: 'SELECT max(last) AS last FROM event_index',
  add: 'INSERT OR REPLACE INTO event_index (last, at, hashes) VALUES (?, ?, ?)',
  prune: 'DELETE FROM event_index WHERE at < ?',
} as const

const firstPlaces = 1024
const pageEvents = 1000
const pageBytes = 1024 * 1024

export class EventIndex {
  readonly #sql: SqlStorage
  readonly #log: EventLog
  readonly #hash: Hash
  readonly #reach: number
  #isLoaded = false
  /** Three numbers for each place of an open hash table: two halves of the hash, and the sequence, 0 when it is free. */
  #table = new Uint32Array(0)
  #count = 0
  /** Hashes of the events that are in no segment yet, in their order: two numbers each. */
  #open: number[] = []
  /** Sequence of the newest event in here. */
  #newest = 0

  /** @param options other ones than the usual, for tests: what an id hashes to, how many events back are read. */
  constructor(sql: SqlStorage, log: EventLog, options: { hash?: Hash; reach?: number } = {}) {
    this.#sql = sql
    this.#log = log
    this.#hash = options.hash ?? hashOf
    this.#reach = options.reach ?? maxIndexed
  }

  /** What is in memory may differ from what is stored: it is read again when it is needed. */
  unload(): void {
    this.#isLoaded = false
    this.#table = new Uint32Array(0)
    this.#open = []
  }

  /** The sequence of an event, which may be older than the log; null when it is not known. */
  find(idEvent: string): number | null {
    this.#load()
    const [high, low] = this.#hash(idEvent)
    const table = this.#table
    const mask = table.length / 3 - 1
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const sequence = table[place * 3 + 2]!
      if (sequence === 0) return null
      if (table[place * 3] !== high || table[place * 3 + 1] !== low) continue
      const line = this.#log.line(sequence)
      if (line === null || readIdEvent(line) === idEvent) return sequence
    }
  }

  /** Takes events in that have just been logged, in their order. */
  add(entries: readonly LogEntry[], now: number): void {
    this.#load()
    for (const { sequence, body } of entries) this.#take(readIdEvent(body), sequence, now)
  }

  /** Stores what is in no segment yet: it outlives the log then. */
  seal(now: number): void {
    this.#load()
    if (this.#open.length === 0) return
    this.#sql.exec(statements.add, this.#newest, now, Uint32Array.from(this.#open).buffer)
    this.#open = []
  }

  /** Forgets segments that were made before a time. */
  prune(before: number): void {
    this.#sql.exec(statements.prune, before)
  }

  #load(): void {
    if (this.#isLoaded) return
    this.#isLoaded = true
    this.#table = new Uint32Array(3 * firstPlaces)
    this.#count = 0
    this.#open = []
    this.#newest = this.#sql.exec<{ last: number | null }>(statements.newest).one().last ?? 0
    type Row = { last: number; hashes: ArrayBuffer }
    for (const { last, hashes } of this.#sql.exec<Row>(statements.segments, this.#log.head - this.#reach)) {
      const halves = new Uint32Array(hashes)
      const first = last - halves.length / 2 + 1
      for (let at = 0; at < halves.length; at += 2) this.#put(halves[at]!, halves[at + 1]!, first + at / 2)
    }
    const now = Date.now()
    for (let entries = this.#log.read(this.#newest, pageEvents, pageBytes); entries.length > 0;) {
      for (const { sequence, body } of entries) this.#take(readIdEvent(body), sequence, now)
      entries = this.#log.read(this.#newest, pageEvents, pageBytes)
    }
  }

  #take(idEvent: string, sequence: number, now: number): void {
    const [high, low] = this.#hash(idEvent)
    this.#newest = sequence
    this.#put(high, low, sequence)
    this.#open.push(high, low)
    if (this.#open.length >= 2 * segmentSize) this.seal(now)
  }

  #put(high: number, low: number, sequence: number): void {
    if (2 * (this.#count + 1) > this.#table.length / 3) this.#grow()
    const table = this.#table
    const mask = table.length / 3 - 1
    let place = low & mask
    while (table[place * 3 + 2] !== 0) place = (place + 1) & mask
    table[place * 3] = high
    table[place * 3 + 1] = low
    table[place * 3 + 2] = sequence
    this.#count++
  }

  /** Makes room: by forgetting what is out of reach when that is enough for a while, else by a table twice as large. */
  #grow(): void {
    const old = this.#table
    const oldest = this.#newest - this.#reach
    const isRoomy = this.#reach <= (this.#count * 3) / 4
    this.#table = new Uint32Array(isRoomy ? old.length : 2 * old.length)
    this.#count = 0
    for (let at = 0; at < old.length; at += 3) {
      const sequence = old[at + 2]!
      if (sequence > 0 && sequence > oldest) this.#put(old[at]!, old[at + 1]!, sequence)
    }
  }
}

/** 64 bits of a text, as two halves (FNV-1a, twice). What is hashed is itself a cryptographic hash or random. */
function hashOf(text: string): [high: number, low: number] {
  let high = 0x811c9dc5
  let low = 0x01000193
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x5bd1e995)
    low ^= low >>> 15
  }
  return [high >>> 0, low >>> 0]
}
