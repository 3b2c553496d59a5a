import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '../support/wait.ts'
import { Remote } from './remote.ts'

export interface Burst {
  number: string
  to: 'person' | 'group'
  /** `live`: to an open connection. `backlog`: as what was kept while the client was away. */
  way: 'live' | 'backlog'
  count: number
}

export interface Stream {
  number: string
  ratePerSecond: number
  count: number
}

/** The simulated WhatsApp in a process of its own, with fast signatures. */
export class Simulator {
  readonly url: string
  readonly rootKey: string
  readonly caFile: string
  readonly #remote: Remote
  readonly #directory: string
  #nextNumber = 34_911_000_000

  private constructor(
    remote: Remote,
    directory: string,
    { url, rootKey, caFile }: { url: string; rootKey: string; caFile: string },
  ) {
    this.#remote = remote
    this.#directory = directory
    this.url = url
    this.rootKey = rootKey
    this.caFile = caFile
  }

  static async start(contacts = 20): Promise<Simulator> {
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-bench-whatsapp-'))
    const remote = new Remote('./process/whatsapp.ts')
    return new Simulator(remote, directory, await remote.call('start', directory, contacts))
  }

  /** An account whose phone scans the QR that `showQr` tells; resolves with its number when its client is connected. */
  async link(showQr: () => Promise<string>): Promise<string> {
    const number = String(this.#nextNumber++)
    await this.#remote.call('addPhone', number)
    await this.#remote.call('scan', number, await showQr())
    await this.#remote.call('waitUntilConnected', number)
    return number
  }

  /** Resolves when all are on their way, with their ids and the moment at which the first left, in microseconds. */
  burst(burst: Burst): Promise<{ ids: string[]; startedAt: number }> {
    return this.#remote.call('burst', burst)
  }

  /** Resolves with the ids of the messages when all are sent. */
  stream(stream: Stream): Promise<string[]> {
    return this.#remote.call('stream', stream)
  }

  /** Breaks all connections; resolves with the milliseconds until all were back. */
  dropAll(): Promise<number> {
    return this.#remote.call('dropAll')
  }

  /** Resolves when each account's client is connected, those that are not yet gone counted as connected. */
  waitUntilAllConnected(timeoutMs = 60_000): Promise<void> {
    return this.#remote.call('waitUntilAllConnected', timeoutMs)
  }

  /** Resolves when the client has confirmed all that was sent to it. */
  async confirmed(number: string): Promise<void> {
    await waitUntil(
      'all receipts',
      async () => (await this.#remote.call<number>('pending', number)) === 0,
      30_000,
    )
  }

  async stop(): Promise<void> {
    await this.#remote.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
