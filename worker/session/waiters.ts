/** API calls that wait for the end of a command. They live in memory: after an eviction the caller asks again. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Resolves when the command ends or the time is over, whichever is first. */
  wait(idCommand: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(idCommand) ?? new Set()
      const done = () => {
        clearTimeout(timer)
        waiting.delete(done)
        if (waiting.size === 0) this.#waiting.delete(idCommand)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      waiting.add(done)
      this.#waiting.set(idCommand, waiting)
    })
  }

  settle(idCommand: string): void {
    for (const done of this.#waiting.get(idCommand) ?? []) done()
  }
}
