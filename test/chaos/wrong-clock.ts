import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The wall clock of the connectors, which somebody sets. */
export class WrongClock {
  readonly #directory = mkdtempSync(join(tmpdir(), 'chatlink-clock-'))
  readonly #file = join(this.#directory, 'offset')
  /** What a connector needs in its environment. */
  readonly environment = {
    CHAOS_CLOCK: this.#file,
    NODE_OPTIONS: `--import ${new URL('clock.ts', import.meta.url).href}`,
  }

  constructor() {
    this.#write(0)
  }

  /** Moves the clock of these processes, and of those that start from now on, that far from the right time. */
  set(offsetMs: number, pids: readonly (number | undefined)[]): void {
    this.#write(Math.round(offsetMs))
    for (const pid of pids) tell(pid)
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #write(offsetMs: number): void {
    writeFileSync(this.#file, String(offsetMs))
  }
}

function tell(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGUSR2')
  } catch {
    // It has just ended; the next one reads the file.
  }
}
