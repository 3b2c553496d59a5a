import { randomBytes } from 'node:crypto'
import { FleetDownFrame, LINK_VERSION, linkClose, type SessionRef } from '../schema/link.ts'
import { fingerprintOf } from './cipher.ts'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import { ReconnectingSocket, webSocketUrl } from './socket.ts'

/** A session that runs in this process. */
interface Running {
  release(): void
  /** It does nothing more but hand over. */
  isEnding: boolean
}

export interface FleetOptions {
  config: Config
  log: Log
  /** Starts a session; `onEnded` is called once, when it runs no longer. */
  startSession(ref: SessionRef, onEnded: () => void): Running
}

/**
 * The control socket to the `Fleet`: says that this connector is here and which sessions it runs, and is told which to
 * run. Sessions go on while it is broken; each has a link of its own.
 */
export class FleetClient {
  #options: FleetOptions
  #instance = randomBytes(9).toString('base64url')
  #socket: ReconnectingSocket
  #running = new Map<string, Running>()
  #runNext = new Map<string, SessionRef>()
  #beat: NodeJS.Timeout | undefined
  #isDraining = false
  #drained: (() => void) | undefined

  constructor(options: FleetOptions) {
    this.#options = options
    this.#socket = new ReconnectingSocket({
      url: webSocketUrl(options.config.workerUrl, '/link/fleet'),
      token: options.config.connectorToken,
      log: options.log,
      handlers: {
        open: () => this.#hello(),
        frame: (frame) => this.#receive(frame),
        closed: (code, httpStatus) => this.#closed(code, httpStatus),
      },
    })
  }

  get running(): string[] {
    return [...this.#running.keys()]
  }

  /** Hands all sessions back; resolves when none runs here any more, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#isDraining = true
    this.#options.log.info('handing the sessions back')
    this.#send({ type: 'draining' })
    const drained = new Promise<void>((resolve) => (this.#drained = resolve))
    for (const session of this.#running.values()) session.release()
    this.#checkDrained()
    await Promise.race([
      drained,
      new Promise((resolve) => {
        setTimeout(resolve, timeoutMs).unref()
      }),
    ])
    clearInterval(this.#beat)
    this.#socket.end()
  }

  #hello(): void {
    const { idConnector, capacity, masterKey, isMasterKeyNew } = this.#options.config
    const { running } = this
    const instance = this.#instance
    this.#send({
      type: 'hello',
      version: LINK_VERSION,
      idConnector,
      capacity,
      running,
      instance,
      keyFingerprint: fingerprintOf(masterKey),
      ...(isMasterKeyNew && { isKeyNew: true }),
    })
    if (this.#isDraining) this.#send({ type: 'draining' })
  }

  #receive(raw: unknown): void {
    const parsed = FleetDownFrame.safeParse(raw)
    if (!parsed.success) {
      this.#options.log.error('the Fleet broke the protocol of the link')
      return this.#socket.restart(linkClose.badFrame, 'a frame did not parse')
    }
    const frame = parsed.data
    switch (frame.type) {
      case 'welcome':
        this.#options.log.info('connected to the Worker')
        clearInterval(this.#beat)
        this.#beat = setInterval(() => this.#send({ type: 'beat' }), frame.beatSeconds * 1000)
        return
      case 'run':
        return this.#run(frame.session)
      case 'release':
        this.#runNext.delete(frame.idObject)
        this.#running.get(frame.idObject)?.release()
        return
    }
  }

  #run(ref: SessionRef): void {
    const { idObject } = ref
    if (this.#isDraining) return
    const running = this.#running.get(idObject)
    if (running?.isEnding === true) this.#runNext.set(idObject, ref)
    if (running !== undefined) return
    let hasEnded = false
    const session = this.#options.startSession(ref, () => {
      hasEnded = true
      this.#running.delete(idObject)
      this.#checkDrained()
      const next = this.#runNext.get(idObject)
      this.#runNext.delete(idObject)
      if (next !== undefined) this.#run(next)
    })
    if (!hasEnded) this.#running.set(idObject, session)
  }

  #closed(code: number, httpStatus: number | undefined): 'retry' {
    clearInterval(this.#beat)
    if (code === linkClose.versionMismatch) {
      this.#options.log.error('the Worker speaks another version of the link: update one of the two')
    } else if (code === linkClose.nameTaken) {
      const { idConnector } = this.#options.config
      this.#options.log.error(
        { idConnector },
        'another connector has this name: give each a CHATLINK_CONNECTOR_ID of its own, or none',
      )
    } else if (code === linkClose.otherKey) {
      this.#options.log.error(
        'CHATLINK_MASTER_KEY is not the key with which this installation’s accounts were stored: give that one. ' +
          'Only if it is lost, set CHATLINK_NEW_MASTER_KEY=1 once, and link every account anew',
      )
    } else if (httpStatus === 401 || httpStatus === 403) {
      this.#options.log.error('the Worker refused this connector: check CHATLINK_CONNECTOR_TOKEN')
    } else this.#options.log.warn({ code, httpStatus }, 'the control socket is broken')
    return 'retry'
  }

  #checkDrained(): void {
    if (this.#isDraining && this.#running.size === 0) this.#drained?.()
  }

  #send(frame: unknown): void {
    this.#socket.send(JSON.stringify(frame))
  }
}
