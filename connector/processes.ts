import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { backoffMs } from './backoff.ts'

export const maxProcesses = 64

export type Arguments = { ok: true; processes: number } | { ok: false; problem: string }

/** Reads `--processes N`; without it one connector runs, in this very process. */
export function parseArguments(args: string[]): Arguments {
  const problem = `--processes: give how many connectors to run here, 1 to ${maxProcesses}`
  try {
    const { values } = parseArgs({ args, options: { processes: { type: 'string' } } })
    const processes = Number(values.processes ?? 1)
    const isFit = Number.isInteger(processes) && processes >= 1 && processes <= maxProcesses
    return isFit ? { ok: true, processes } : { ok: false, problem }
  } catch {
    return { ok: false, problem }
  }
}

/** The name of one of several connectors; undefined when each is to make its own. */
export function nameOfProcess(given: string | undefined, index: number): string | undefined {
  return given === undefined || given === '' ? undefined : `${given}-${index + 1}`
}

const settledMs = 30_000

/**
 * Several connectors, each a process of its own that is started again when it ends. They know nothing of each other:
 * the Fleet spreads the sessions. Each hears by its channel when this process is gone, and hands over.
 */
export class ConnectorProcesses {
  #children: (ChildProcess | undefined)[]
  #timers = new Set<NodeJS.Timeout>()
  #environment: Record<string, string | undefined>
  #isStopping = false

  constructor(count: number, environment: Record<string, string | undefined>) {
    this.#environment = environment
    this.#children = Array.from({ length: count }, () => undefined)
  }

  start(): void {
    for (const index of this.#children.keys()) this.#start(index, 0)
  }

  /** Lets all hand their sessions over, at the same time; who takes longer than `graceMs` is ended. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    const ended = this.#children.flatMap((child) => (child === undefined ? [] : endOf(child, graceMs)))
    await Promise.all(ended)
  }

  #start(index: number, ends: number): void {
    const name = nameOfProcess(this.#environment['CHATLINK_CONNECTOR_ID'], index)
    const startedAt = performance.now()
    // A group of its own: Ctrl-C in the terminal reaches this process alone.
    const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), {
      env: { ...this.#environment, ...(name !== undefined && { CHATLINK_CONNECTOR_ID: name }) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    this.#children[index] = child
    child.once('exit', (code, signal) => {
      this.#children[index] = undefined
      if (this.#isStopping) return
      const times = performance.now() - startedAt > settledMs ? 1 : ends + 1
      const delayMs = backoffMs(times, { firstMs: 250, maxMs: 15_000 })
      process.stderr.write(
        `connector ${index + 1} ended (${signal ?? `exit code ${code}`}); starting it again in ${delayMs} ms\n`,
      )
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        this.#start(index, times)
      }, delayMs)
      this.#timers.add(timer)
    })
  }
}

async function endOf(child: ChildProcess, graceMs: number): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}
