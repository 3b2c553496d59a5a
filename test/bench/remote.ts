import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

interface Answer {
  id: number
  result?: unknown
  error?: string
}

export interface RemoteOptions {
  args?: string[]
  execArgv?: string[]
  environment?: Record<string, string | undefined>
}

/** A process of the benchmark whose functions (see `serve.ts`) can be called; its output is dropped but for errors. */
export class Remote {
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { done(result: unknown): void; fail(error: Error): void }>()
  #lastId = 0

  /** `path` is relative to this folder. */
  constructor(path: string, options: RemoteOptions = {}) {
    const { PATH, HOME } = process.env
    this.#child = fork(fileURLToPath(new URL(path, import.meta.url)), options.args ?? [], {
      execArgv: options.execArgv ?? [],
      env: { PATH, HOME, ...options.environment },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.done(result)
      else waiting?.fail(new Error(error))
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        for (const { fail } of this.#waiting.values()) fail(new Error(`${path} ended: ${code ?? signal}`))
        this.#waiting.clear()
        resolve()
      })
    })
  }

  async call<Result = void>(name: string, ...args: unknown[]): Promise<Result> {
    const id = ++this.#lastId
    const result = await new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail })
      this.#child.send({ id, name, args })
    })
    return result as Result
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal)
    await this.exited
  }
}

export interface Usage {
  /** CPU milliseconds since the process began. */
  cpuMs: number
  rssBytes: number
  /** Turns of the event loop since the process began. */
  loopTurns: number
}
