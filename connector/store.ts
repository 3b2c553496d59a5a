import { BufferJSON, proto } from './baileys.ts'
import type { AuthenticationCreds, SignalDataSet, SignalKeyStore } from './baileys.ts'
import type { EventEntry, KeyEntry } from '../schema/link.ts'
import type { Cipher } from './cipher.ts'
import type { Change } from './commit-queue.ts'
import { makeContactReports, readMapping } from './contact-news.ts'

/** Under this type a key transaction of Baileys carries events: they are committed with the keys, or not at all. */
export const eventType = 'chatlink-event'

type Slot = { sealed: Buffer } | { value: unknown; json: string }

interface Backend {
  record(change: Change): number
  /** The last change that is durable. */
  readonly ackedChange: number
  readKeys(type: string, ids: string[]): Promise<KeyEntry[]>
}

/** Not kept, but read when asked for: there are hundreds, each is used once, and few ever are. */
const onDemand = 'pre-key'
/** WhatsApp gives pre-keys out in turn: who reads one reads the next ones too, so that new people do not wait for each. */
const readAhead = 100

/** A key store for one WhatsApp socket. After `detach` it ignores what a closed socket still writes. */
export interface StoreView {
  keys: SignalKeyStore
  isDetached: boolean
  detach(): void
}

/**
 * The account's credentials and Signal keys: answered from memory, written behind through the link.
 *
 * Everything but pre-keys is here from the start, so an absent key is known to be absent without asking. Pre-keys that were
 * made or used up here stay until the Worker has that: hundreds come with each linking, 0.5 MB of memory. One `set` is one
 * atomic change. Values are serialized when they are set: Baileys changes some of them in place afterwards. Values that
 * came from the Worker are opened when they are first read.
 */
export class SessionStore {
  #slots = new Map<string, Slot | null>()
  /** Pre-keys that the Worker does not have as they are here, by the change that tells it, the oldest first. */
  #untold = new Map<string, number>()
  #cipher: Cipher
  #backend: Backend
  #onEvents: (entries: EventEntry[]) => void

  constructor(options: {
    keys: KeyEntry[]
    cipher: Cipher
    backend: Backend
    onEvents(entries: EventEntry[]): void
  }) {
    this.#cipher = options.cipher
    this.#backend = options.backend
    this.#onEvents = options.onEvents
    for (const entry of options.keys) this.#keep(entry)
  }

  /** The account's credentials, or undefined when it has never been linked. */
  loadCreds(): AuthenticationCreds | undefined {
    return this.#read('creds', '') as AuthenticationCreds | undefined
  }

  saveCreds(creds: AuthenticationCreds): void {
    this.#write({ creds: { '': creds } })
  }

  /** The phone number's JID of a LID, when it is known. */
  phoneOf(lid: string): string | undefined {
    const user = lid.split('@')[0]!.split(':')[0]!
    const phone = this.#read('lid-mapping', `${user}_reverse`)
    return typeof phone === 'string' ? `${phone}@s.whatsapp.net` : undefined
  }

  /** The LID of a phone number's JID, when it is known. */
  lidOf(phone: string): string | undefined {
    const lid = phone.endsWith('@s.whatsapp.net')
      ? this.#read('lid-mapping', phone.split('@')[0]!)
      : undefined
    return typeof lid === 'string' ? `${lid}@lid` : undefined
  }

  get(type: string, id: string): unknown {
    return this.#read(type, id)
  }

  set(type: string, values: Record<string, unknown>): void {
    this.#write({ [type]: values })
  }

  idsOf(type: string): string[] {
    const prefix = `${type}\0`
    return [...this.#slots.entries()]
      .filter(([name, slot]) => slot !== null && name.startsWith(prefix))
      .map(([name]) => name.slice(prefix.length))
  }

  /** More has become durable: pre-keys that the Worker has are read from it. */
  acked(): void {
    for (const [name, change] of this.#untold) {
      if (change > this.#backend.ackedChange) return
      this.#untold.delete(name)
      this.#slots.delete(name)
    }
  }

  /** Forgets everything, here and in the Worker. */
  eraseAll(): Change {
    const keys = [...this.#slots.entries()]
      .filter(([, slot]) => slot !== null)
      .map(([name]) => {
        const [type, id] = name.split('\0') as [string, string]
        return { type, id, value: null }
      })
    this.#slots.clear()
    this.#untold.clear()
    return { keys }
  }

  open(): StoreView {
    const view: StoreView = {
      isDetached: false,
      detach: () => (view.isDetached = true),
      keys: {
        get: async (type, ids) => (await this.#readMany(type, ids)) as never,
        set: (data) => {
          if (!view.isDetached) this.#write(data)
        },
      },
    }
    return view
  }

  #keep({ type, id, value }: KeyEntry): void {
    const name = `${type}\0${id}`
    if (!this.#slots.has(name)) this.#slots.set(name, { sealed: Buffer.from(value, 'base64') })
  }

  #read(type: string, id: string): unknown {
    const name = `${type}\0${id}`
    const slot = this.#slots.get(name)
    if (slot === undefined || slot === null) return undefined
    if ('value' in slot) return slot.value
    const json = this.#cipher.open(type, id, slot.sealed).toString()
    const value = deserialize(type, json)
    this.#slots.set(name, { value, json: keepsJson.has(type) ? json : '' })
    return value
  }

  async #readMany(type: string, ids: string[]): Promise<Record<string, unknown>> {
    const isKnown = (id: string) => this.#slots.has(`${type}\0${id}`)
    if (type === onDemand && !ids.every(isKnown)) {
      const wanted = ids.length === 1 ? idsFrom(ids[0]!) : ids
      const missing = wanted.filter((id) => !isKnown(id))
      for (const entry of await this.#backend.readKeys(type, missing)) this.#keep(entry)
    }
    const found: Record<string, unknown> = {}
    for (const id of ids) {
      const value = this.#read(type, id)
      if (value !== undefined) found[id] = value
    }
    return found
  }

  #write(data: SignalDataSet | Record<string, Record<string, unknown>>): void {
    const keys: NonNullable<Change['keys']> = []
    const events: EventEntry[] = []
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values)) {
        if (type === eventType) events.push(value as EventEntry)
        else this.#writeOne(type, id, value, keys)
      }
    }
    if (keys.length === 0 && events.length === 0) return
    // A number that became known is told in the change that stores it, so it is told once and never missed.
    const reports = makeContactReports(readMapping(keys))
    const change = this.#backend.record({
      ...(keys.length > 0 && { keys }),
      ...(events.length > 0 && { events }),
      ...(reports.length > 0 && { reports }),
    })
    for (const { type, id } of keys) if (type === onDemand) this.#noteUntold(`${type}\0${id}`, change)
    if (events.length > 0) this.#onEvents(events)
  }

  #noteUntold(name: string, change: number): void {
    this.#untold.delete(name)
    this.#untold.set(name, change)
  }

  #writeOne(type: string, id: string, value: unknown, keys: NonNullable<Change['keys']>): void {
    const name = `${type}\0${id}`
    const before = this.#slots.get(name)
    if (value === null || value === undefined) {
      if (before === null || (before === undefined && type !== onDemand)) return
      this.#slots.set(name, null)
      keys.push({ type, id, value: null })
      return
    }
    const fixed = type === 'sender-key' ? packSenderKey(value as Uint8Array) : value
    const json = JSON.stringify(fixed, BufferJSON.replacer)
    if (keepsJson.has(type)) {
      this.#read(type, id)
      const known = this.#slots.get(name)
      if (known !== null && known !== undefined && 'json' in known && known.json === json) return
    }
    this.#slots.set(name, { value: fixed, json: keepsJson.has(type) ? json : '' })
    keys.push({ type, id, value: Buffer.from(json) })
  }
}

/** Types that Baileys writes again unchanged: their text is kept, so that nothing is written for nothing. */
const keepsJson = new Set(['device-list', 'lid-mapping', 'identity-key', 'sender-key-memory', 'tctoken'])

/** A pre-key's id, and those of the ones that come after it. */
function idsFrom(id: string): string[] {
  return Array.from({ length: readAhead }, (_, index) => String(Number(id) + index))
}

function deserialize(type: string, json: string): unknown {
  const value = JSON.parse(json, BufferJSON.reviver)
  return type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value
}

/**
 * Baileys stores sender keys as JSON whose Buffers are arrays of numbers, which it cannot read back when messages came
 * out of order. As base64 it can, in two thirds of the space.
 */
function packSenderKey(value: Uint8Array): Buffer {
  const record = JSON.parse(Buffer.from(value).toString())
  return Buffer.from(JSON.stringify(record, BufferJSON.replacer))
}
