import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url))

/** A program of this project, run as people run it: by Node, with an environment and nothing else. */
export class Program {
  readonly lines: string[] = []
  readonly exited: Promise<number | null>
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  /** `environment` is added to PATH and HOME alone. */
  constructor(file: string, args: string[], environment: Record<string, string>) {
    const { PATH = '', HOME = '' } = process.env
    this.#child = spawn(process.execPath, [file, ...args], {
      cwd: projectDirectory,
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line)
        for (const check of this.#waiting) check()
      })
    }
    this.exited = new Promise((done) => this.#child.once('close', done))
  }

  get output(): string {
    return this.lines.join('\n')
  }

  /** The first match among the lines that came and those to come. */
  waitForLine(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpMatchArray> {
    return new Promise((done, fail) => {
      const end = (why: string) => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        fail(new Error(`${why} before a line like ${pattern} came:\n${this.output}`))
      }
      const check = () => {
        const match = this.lines.map((line) => line.match(pattern)).find((found) => found !== null)
        if (!match) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        done(match)
      }
      const timer = setTimeout(() => end(`${timeoutMs} ms passed`), timeoutMs)
      this.#waiting.add(check)
      check()
      void this.exited.then((code) => end(`it exited with ${code}`))
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGINT')
    return this.exited
  }
}
