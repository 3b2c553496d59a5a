import { LINK_VERSION, LinkDownFrame, linkClose, type KeyEntry, type SessionRef } from '../schema/link.ts'
import { Refusals } from './refusals.ts'
import { makeCipher, type Cipher } from './cipher.ts'
import { CommitQueue, type Change } from './commit-queue.ts'
import { endOf, isRefusal, SessionFailures } from './link-close.ts'
import { KeyReads } from './key-reads.ts'
import type { LinkHandlers, Welcome } from './link-handlers.ts'
import type { Log } from './log.ts'
import { ReconnectingSocket, webSocketUrl } from './socket.ts'

interface LinkOptions {
  workerUrl: string
  connectorToken: string
  masterKey: Buffer
  idConnector: string
  ref: SessionRef
  log: Log
  handlers: LinkHandlers
}

/**
 * One session's link to its `Session` object.
 *
 * What is recorded is sent in numbered commits, gathered until the end of the event loop's turn, and sent again after a
 * broken socket from the Session's `last` on. When the Session gives a new epoch instead of resuming, somebody else may
 * have run the session meanwhile: everything unacknowledged is dropped and `attached` starts anew.
 */
export class Link {
  #options: LinkOptions
  #socket: ReconnectingSocket
  #cipher: Cipher
  #queue: CommitQueue | undefined
  #epoch: number | undefined
  #welcome: Welcome | undefined
  #keys: KeyEntry[] = []
  #isLive = false
  #isSealing = false
  #refusals: Refusals
  #failures: SessionFailures
  #reads = new KeyReads()
  #drained: (() => void)[] = []

  constructor(options: LinkOptions) {
    this.#options = options
    this.#refusals = new Refusals(options.log)
    this.#failures = new SessionFailures(options.log)
    this.#cipher = makeCipher(options.masterKey, options.ref.idObject)
    this.#socket = new ReconnectingSocket({
      url: webSocketUrl(options.workerUrl, `/link/sessions/${options.ref.idObject}`),
      token: options.connectorToken,
      log: options.log,
      handlers: {
        open: () => this.#hello(),
        frame: (frame) => this.#receive(frame),
        closed: (code, httpStatus) => this.#closed(code, httpStatus),
      },
    })
  }

  /** Whether commits can be sent at this moment. */
  get isLive(): boolean {
    return this.#isLive
  }

  get lastChange(): number {
    return this.#queue?.lastChange ?? 0
  }

  get ackedChange(): number {
    return this.#queue?.ackedChange ?? 0
  }

  get uncommittedBytes(): number {
    return this.#queue?.uncommittedBytes ?? 0
  }

  /** Takes a change in and returns its number; it is durable when `ackedChange` has reached it. */
  record(change: Change): number {
    if (this.#queue === undefined) throw new Error('the link is not attached')
    const number = this.#queue.record(change)
    this.#sealSoon()
    return number
  }

  /** Reads keys that were not preloaded. Waits for the link; rejects when it ends or a new epoch begins. */
  readKeys(keyType: string, ids: string[]): Promise<KeyEntry[]> {
    const { frame, entries } = this.#reads.begin(keyType, ids)
    if (this.#isLive) this.#socket.send(frame)
    return entries
  }

  /** Resolves when nothing is unacknowledged, or after `timeoutMs`; the answer says which. */
  flush(timeoutMs: number): Promise<boolean> {
    if (this.#queue === undefined || this.#queue.isEmpty) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs)
      this.#drained.push(() => {
        clearTimeout(timer)
        resolve(true)
      })
    })
  }

  end(code = 1000): void {
    this.#isLive = false
    this.#socket.end(code)
    this.#reads.reject('the link was closed')
  }

  #hello(): void {
    this.#welcome = undefined
    this.#keys = []
    const { idConnector } = this.#options
    const hello = { type: 'hello', version: LINK_VERSION, idConnector }
    this.#socket.send(
      JSON.stringify(this.#epoch === undefined ? hello : { ...hello, resumeEpoch: this.#epoch }),
    )
  }

  #receive(raw: unknown): void {
    const parsed = LinkDownFrame.safeParse(raw)
    if (!parsed.success) return this.#refuse('a frame did not parse')
    const frame = parsed.data
    switch (frame.type) {
      case 'welcome':
        return this.#welcomed(frame)
      case 'keys':
        if (this.#welcome === undefined) return this.#refuse('keys came before welcome')
        if (this.#welcome.resumed) return this.#resumeFiles(this.#welcome, frame.files)
        for (const file of frame.files ?? []) this.#welcome.files.push(file)
        for (const entry of frame.entries) this.#keys.push(entry)
        return frame.done ? this.#attach(this.#welcome) : undefined
      case 'keyValues':
        return this.#reads.answer(frame.request, frame.entries)
      case 'ack':
        return this.#acknowledged(frame.n)
      case 'command':
        return this.#options.handlers.command(frame.idCommand, frame.command, frame.expiresAt)
      case 'cancel':
        return this.#options.handlers.cancel(frame.idCommand)
      case 'receiving':
        return this.#options.handlers.receiving(frame.receiving)
      case 'desire':
        return this.#options.handlers.desire(frame.desire)
    }
  }

  #welcomed(welcome: Welcome): void {
    if (this.#welcome !== undefined) return this.#refuse('welcome came twice')
    this.#welcome = welcome
    if (!welcome.resumed || this.#queue === undefined || welcome.epoch !== this.#epoch) return
    let again = this.#queue.resume(welcome.last)
    if (again === undefined) {
      this.#epoch = undefined
      this.#socket.restart(linkClose.gap, 'the commits do not fit')
      return
    }
    if (this.#refusals.isRefusedForEver(welcome.last)) {
      if (!this.#refusals.reduce(this.#queue, welcome.last)) {
        this.#epoch = undefined
        this.#socket.restart(1000, 'a commit is refused again and again')
        return
      }
      again = []
    }
    for (const frame of again) this.#socket.send(frame)
    this.#goLive()
    this.#options.handlers.resumed(welcome)
    this.#announceAcks()
  }

  #resumeFiles({ receiving }: Welcome, files: Welcome['files'] | undefined): void {
    if (files !== undefined && this.#isLive) this.#options.handlers.resumed({ files, receiving })
  }

  #attach(welcome: Welcome): void {
    this.#reads.reject('the session was taken over meanwhile')
    this.#epoch = welcome.epoch
    this.#queue = new CommitQueue({ epoch: welcome.epoch, last: welcome.last, cipher: this.#cipher })
    const keys = this.#keys
    this.#keys = []
    this.#goLive()
    this.#options.handlers.attached({
      keys,
      cipher: this.#cipher,
      receiving: welcome.receiving,
      recent: welcome.recent,
      files: welcome.files,
    })
    if (this.#refusals.takeVerdict()) this.#options.handlers.refused()
  }

  #goLive(): void {
    this.#isLive = true
    for (const frame of this.#reads.frames) this.#socket.send(frame)
    this.#sealSoon()
  }

  #acknowledged(n: number): void {
    this.#failures.over()
    this.#queue?.acknowledge(n)
    this.#sealSoon()
    this.#announceAcks()
  }

  #announceAcks(): void {
    this.#options.handlers.acked()
    if (this.#queue?.isEmpty !== true) return
    this.#refusals.settled()
    for (const done of this.#drained.splice(0)) done()
  }

  #sealSoon(): void {
    if (this.#isSealing || !this.#isLive) return
    this.#isSealing = true
    setImmediate(() => {
      this.#isSealing = false
      if (!this.#isLive) return
      for (let frame = this.#queue?.seal(); frame !== undefined; frame = this.#queue?.seal()) {
        this.#socket.send(frame)
      }
    })
  }

  #refuse(problem: string): void {
    this.#options.log.error({ problem }, 'the Session broke the protocol of the link')
    this.#socket.restart(linkClose.badFrame, problem)
  }

  #closed(code: number, httpStatus: number | undefined): 'retry' | 'end' {
    const wasLive = this.#isLive
    if (wasLive && isRefusal(code) && this.#queue?.isUnderWay === true) this.#refusals.refused()
    this.#isLive = false
    this.#failures.closed(code)
    const why = endOf(code, httpStatus)
    if (why === undefined) {
      if (httpStatus !== undefined) {
        this.#options.log.error({ httpStatus }, 'the Worker refused the link; check CHATLINK_CONNECTOR_TOKEN')
      }
      if (wasLive) this.#options.handlers.lost()
      return 'retry'
    }
    this.#reads.reject(`the link has ended: ${why}`)
    this.#options.handlers.ended(why)
    return 'end'
  }
}
