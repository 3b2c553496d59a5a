import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Installation } from '../../worker/host/installation.ts'
import { waitUntil } from '../support/wait.ts'

/** What was counted of one class of Durable Objects; rows by table, requests by method. */
export interface Counter {
  /** How often an object was made anew: at first, and after each hibernation. */
  starts: number
  requests: Record<string, number>
  /** Incoming WebSocket messages. */
  messages: number
  activeMs: number
  written: Record<string, number>
  read: Record<string, number>
  /** Of all databases together; 0 until `sizes` was asked for. */
  bytes: number
}

export type Counters = Record<'Session' | 'Dispatcher', Counter> & {
  workerRequests: number
  /** Objects that are active now. */
  active: number
}

const meterModule = new URL('./process/metered-worker.js', import.meta.url)

/** Ends an installation's Worker and lets it start again as the same bundle with a meter around its objects. */
export async function putMeterAround({ dataDirectory, url, pids }: Installation): Promise<Meter> {
  const run = join(dataDirectory, 'run')
  const config = join(run, 'workerd.capnp')
  cpSync(meterModule, join(run, 'modules/metered.js'))
  const text = readFileSync(config, 'utf8')
    .replace('modules = [', 'modules = [\n    (name = "metered.js", esModule = embed "modules/metered.js"),')
    .replace('compatibilityFlags = [', 'compatibilityFlags = [\n    "nodejs_als",')
  writeFileSync(config, text)
  const { worker } = pids()
  process.kill(worker!, 'SIGKILL')
  const meter = new Meter(url)
  await waitUntil('the Worker with the meter', async () => pids().worker !== worker && !!(await meter.read()))
  return meter
}

export class Meter {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  read(): Promise<Counters> {
    return this.#ask('counters')
  }

  /** With the sizes of the databases. */
  sizes(): Promise<Counters> {
    return this.#ask('sizes')
  }

  /** Moves the clock on and lets each standing alarm go off. */
  forget(ms: number): Promise<Counters> {
    return this.#ask(`forget?ms=${ms}`)
  }

  /** Resolves when no object was active for a second and nothing was counted. */
  async settled(): Promise<Counters> {
    for (let last = ''; ;) {
      await new Promise((done) => setTimeout(done, 1000))
      const counters = await this.read()
      const text = JSON.stringify([counters.Session, counters.Dispatcher])
      if (text === last && counters.active === 0) return counters
      last = text
    }
  }

  async #ask(path: string): Promise<Counters> {
    const response = await fetch(`${this.#url}/bench/${path}`)
    if (!response.ok) throw new Error(`the meter answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Counters
  }
}
