import { existsSync, readFileSync } from 'node:fs'

/** Watches how much the resident memory of processes grows, in MiB over what they had at first. One that has ended has none. */
export class MemoryWatch<Name extends string> {
  readonly #pids: Record<Name, number>
  readonly #first: Record<Name, number>
  readonly #peak: Record<Name, number>
  readonly #timer: NodeJS.Timeout

  constructor(pids: Record<Name, number>) {
    this.#pids = pids
    this.#first = this.#read()
    this.#peak = { ...this.#first }
    this.#timer = setInterval(() => this.#look(), 20)
  }

  /** Ends the watch; answers how much each process had more than at first, at most. */
  stop(): Record<Name, number> {
    clearInterval(this.#timer)
    this.#look()
    return this.#each((name) => this.#peak[name] - this.#first[name])
  }

  #look(): void {
    const now = this.#read()
    for (const name of this.#names()) this.#peak[name] = Math.max(this.#peak[name], now[name])
  }

  #read(): Record<Name, number> {
    return this.#each((name) => {
      const path = `/proc/${this.#pids[name]}/status`
      const status = existsSync(path) ? readFileSync(path, 'utf8') : ''
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
    })
  }

  #names(): Name[] {
    return Object.keys(this.#pids) as Name[]
  }

  #each(make: (name: Name) => number): Record<Name, number> {
    return Object.fromEntries(this.#names().map((name) => [name, make(name)])) as Record<Name, number>
  }
}
