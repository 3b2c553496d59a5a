import type { SessionStore } from './store.ts'

/** The newest entries of one type among the account's keys; beyond `max` the oldest is forgotten. */
export class RecentEntries<Value extends object> {
  #store: SessionStore
  #type: string
  #max: number
  #ids: string[]

  constructor(store: SessionStore, type: string, max: number) {
    this.#store = store
    this.#type = type
    this.#max = max
    const kept = store.idsOf(type).map((id) => ({ id, at: (store.get(type, id) as { at: number }).at }))
    this.#ids = kept.sort((left, right) => left.at - right.at).map(({ id }) => id)
  }

  get(id: string): Value | undefined {
    return this.#store.get(this.#type, id) as Value | undefined
  }

  /** The first entry under an id stays. */
  add(id: string, value: Value): void {
    if (this.get(id) !== undefined) return
    const changes: Record<string, unknown> = { [id]: { at: Date.now(), ...value } }
    this.#ids.push(id)
    if (this.#ids.length > this.#max) changes[this.#ids.shift()!] = null
    this.#store.set(this.#type, changes)
  }
}
