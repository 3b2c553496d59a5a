/**
 * Work in lanes: of each lane one item at a time, in the order in which it was added; between lanes, whoever has waited
 * longest. Every operation takes the same time however much waits.
 */
export class Lanes<Item> {
  readonly #queues = new Map<string, Item[]>()
  readonly #busy = new Set<string>()
  /** Lanes with an item that may start, in the order in which they became ready. */
  readonly #ready = new Set<string>()
  #size = 0

  /** How many items wait; those taken are not among them. */
  get size(): number {
    return this.#size
  }

  /** Whether anything taken is not finished. */
  get isBusy(): boolean {
    return this.#busy.size > 0
  }

  get hasReady(): boolean {
    return this.#ready.size > 0
  }

  /** How many lanes have an item that may start. */
  get readySize(): number {
    return this.#ready.size
  }

  add(lane: string, item: Item): void {
    const queue = this.#queues.get(lane)
    if (queue) queue.push(item)
    else this.#queues.set(lane, [item])
    this.#size++
    if (!this.#busy.has(lane)) this.#ready.add(lane)
  }

  /** Takes the next item; its lane is busy until `finish`. */
  take(): { lane: string; item: Item } | null {
    const [lane] = this.#ready
    if (lane === undefined) return null
    this.#ready.delete(lane)
    const queue = this.#queues.get(lane)
    const item = queue?.shift()
    if (!queue || item === undefined) return null
    if (queue.length === 0) this.#queues.delete(lane)
    this.#size--
    this.#busy.add(lane)
    return { lane, item }
  }

  /** Takes as many items, the lanes in turns and each in its order; the lanes are busy until `finish`. */
  takeMany(limit: number): { lane: string; item: Item }[] {
    const taken: { lane: string; item: Item }[] = []
    for (let next = this.take(); next; next = taken.length < limit ? this.take() : null) {
      taken.push(next)
      this.finish(next.lane)
    }
    for (const { lane } of taken) {
      this.#busy.add(lane)
      this.#ready.delete(lane)
    }
    return taken
  }

  /** Gives back what was taken and not begun, before what waits in its lane, which stays busy until `finish`. */
  putBack(lane: string, item: Item): void {
    const queue = this.#queues.get(lane)
    if (queue) queue.unshift(item)
    else this.#queues.set(lane, [item])
    this.#size++
  }

  /** The item taken from this lane is done; the next one may start. */
  finish(lane: string): void {
    this.#busy.delete(lane)
    if (this.#queues.has(lane)) this.#ready.add(lane)
  }

  /** Takes what waits in a lane out of it. */
  drop(lane: string): Item[] {
    const queue = this.#queues.get(lane) ?? []
    this.#queues.delete(lane)
    this.#ready.delete(lane)
    this.#size -= queue.length
    return queue
  }

  /** Takes everything out that waits. */
  clear(): Item[] {
    const items = Array.from(this.#queues.values()).flat()
    this.#queues.clear()
    this.#ready.clear()
    this.#size = 0
    return items
  }
}
