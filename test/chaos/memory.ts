import { readFileSync } from 'node:fs'
import type { Stage } from '../support/stage.ts'

/**
 * What each part may take of the machine's memory, in MiB, however it is treated: a connector with a handful of sessions,
 * whose backlog is not read further than what may be uncommitted, and the Worker with all its objects.
 */
export const mostMemory = { connector: 640, worker: 600 }

export type Memory = typeof mostMemory

/** A peak is told when it is so much higher than the last that was told. */
const stepMebibytes = 50

/** Looks at the resident memory of the parts once a second, remembers the most, and tells when it grew. */
export class MemoryWatch {
  readonly peaks: Memory = { connector: 0, worker: 0 }
  readonly #told: Memory = { connector: 200, worker: 200 }
  readonly #say: (text: string) => void
  readonly #timer: NodeJS.Timeout

  constructor(stage: Stage, say: (text: string) => void) {
    this.#say = say
    this.#timer = setInterval(() => {
      const { worker, connectors } = stage.installation.pids()
      this.#note('worker', worker)
      for (const pid of connectors) this.#note('connector', pid)
    }, 1000)
  }

  /** What took more than it may. */
  excesses(): string[] {
    return (Object.keys(mostMemory) as (keyof Memory)[])
      .filter((part) => this.peaks[part] > mostMemory[part])
      .map((part) => `the ${part} took ${this.peaks[part]} MiB; ${mostMemory[part]} are its bound`)
  }

  #note(part: keyof Memory, pid: number | undefined): void {
    const mebibytes = residentMebibytes(pid)
    this.peaks[part] = Math.max(this.peaks[part], mebibytes)
    if (mebibytes < this.#told[part] + stepMebibytes) return
    this.#told[part] = mebibytes
    this.#say(`(the ${part} ${pid} takes ${mebibytes} MiB)`)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** 0 for what is gone, and where the system does not tell. */
function residentMebibytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024)
  } catch {
    return 0
  }
}
