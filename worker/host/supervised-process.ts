import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface ProcessDescription {
  /** Shown before each line of its output. */
  label: string
  command: string
  args: string[]
  /** The whole environment of the process. */
  environment: Record<string, string | undefined>
  workingDirectory: string
  /** Called each time it was started. */
  onStart?: () => void
}

export type Print = (label: string, line: string) => void

export interface RestartPolicy {
  firstMs: number
  maxMs: number
  /** A process that ran for this long starts anew at `firstMs`. */
  settledMs: number
}

const usualPolicy: RestartPolicy = { firstMs: 250, maxMs: 15_000, settledMs: 30_000 }

/**
 * A process that is started again whenever it ends, later each time, until it is stopped. Its lines go to `print` under
 * its label. Nothing else of the installation stops meanwhile.
 */
export class SupervisedProcess {
  readonly #description: ProcessDescription
  readonly #print: Print
  readonly #policy: RestartPolicy
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #ended: Promise<void> = Promise.resolve()
  #stopping = false
  #delayMs: number
  #ends = 0

  constructor(description: ProcessDescription, print: Print, policy: RestartPolicy = usualPolicy) {
    this.#description = description
    this.#print = print
    this.#policy = policy
    this.#delayMs = policy.firstMs
  }

  get label(): string {
    return this.#description.label
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** How often it ended without being asked to. */
  get ends(): number {
    return this.#ends
  }

  start(): void {
    this.#timer = undefined
    if (this.#stopping) return
    const { label, command, args, environment, workingDirectory } = this.#description
    const startedAt = performance.now()
    // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops its parts in order.
    const child = spawn(command, args, {
      cwd: workingDirectory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#print(label, line))
    }
    this.#description.onStart?.()
    this.#ended = new Promise((done) => {
      const onEnd = (why: string) => {
        if (this.#child !== child) return
        this.#child = undefined
        if (!this.#stopping) this.#restartLater(why, performance.now() - startedAt)
        done()
      }
      child.once('error', (error) => onEnd(error.message))
      child.once('exit', (code, signal) => onEnd(signal === null ? `exit code ${code}` : signal))
    })
  }

  /** Asks it to end and, after `graceMs`, makes it end. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child === undefined) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(timer)
  }

  /** Ends it at once: the last resort of a supervisor that is ending itself. */
  kill(): void {
    this.#stopping = true
    this.#child?.kill('SIGKILL')
  }

  #restartLater(why: string, ranMs: number): void {
    if (ranMs >= this.#policy.settledMs) this.#delayMs = this.#policy.firstMs
    this.#ends += 1
    const delayMs = this.#delayMs
    this.#delayMs = Math.min(delayMs * 2, this.#policy.maxMs)
    this.#print(this.#description.label, `ended (${why}); starting it again in ${delayMs / 1000} s`)
    this.#timer = setTimeout(() => this.start(), delayMs)
  }
}
