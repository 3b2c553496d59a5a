import { backoffMs } from './backoff.ts'
import type { Log } from './log.ts'
import type { MediaSource } from './media-source.ts'

export interface FileJob {
  idFile: string
  source: MediaSource
}

/** What one try came to. `gone`: another try will not help. */
export type TransferResult = { ok: true } | { ok: false; problem: string; gone: boolean }

export interface FileTransfersOptions {
  /** Brings one file from WhatsApp to the Worker. Must not throw. */
  transfer(job: FileJob): Promise<TransferResult>
  /** Nobody will bring this file any more. */
  giveUp(idFile: string, fileError: string): void
  log: Log
}

const maxAtOnce = 4
const maxTries = 5

/**
 * Brings a session's files to the Worker: a few at once, each tried several times with growing pauses. Nothing here needs
 * to survive: the Session names unfinished files to whoever runs the session next, and has a deadline of its own.
 */
export class FileTransfers {
  #options: FileTransfersOptions
  #known = new Set<string>()
  #waiting: { job: FileJob; tries: number }[] = []
  #timers = new Set<NodeJS.Timeout>()
  #running = 0
  #isClosed = false

  constructor(options: FileTransfersOptions) {
    this.#options = options
  }

  add(job: FileJob): void {
    if (this.#known.has(job.idFile) || this.#isClosed) return
    this.#known.add(job.idFile)
    this.#waiting.push({ job, tries: 0 })
    this.#startNext()
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #startNext(): void {
    while (this.#running < maxAtOnce && this.#waiting.length > 0) {
      const { job, tries } = this.#waiting.shift()!
      this.#running += 1
      void this.#try(job, tries + 1).finally(() => {
        this.#running -= 1
        this.#startNext()
      })
    }
  }

  async #try(job: FileJob, tries: number): Promise<void> {
    const { idFile } = job
    const result = await this.#options.transfer(job)
    if (this.#isClosed) return
    if (result.ok) {
      this.#known.delete(idFile)
      return
    }
    this.#options.log.warn({ idFile, tries, problem: result.problem }, 'a file did not get through')
    if (result.gone || tries >= maxTries) {
      this.#known.delete(idFile)
      this.#options.giveUp(idFile, result.problem)
      return
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        this.#waiting.push({ job, tries })
        this.#startNext()
      },
      backoffMs(tries, { firstMs: 500, maxMs: 8000 }),
    )
    this.#timers.add(timer)
  }
}
