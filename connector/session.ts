import type { LinkCommand } from '../schema/command.ts'
import { linkClose, type SessionReport, type SessionRef } from '../schema/link.ts'
import { readClose, Replacements, storageRefused } from './close-cause.ts'
import type { Config } from './config.ts'
import type { IntakeBudget } from './intake-budget.ts'
import { Link } from './link.ts'
import type { LinkHandlers } from './link-handlers.ts'
import type { Log } from './log.ts'
import { PairingCodes } from './pairing-code.ts'
import { Retries } from './retries.ts'
import { SessionContent } from './session-content.ts'
import { SessionReports } from './session-reports.ts'
import { closedEvent, step, type Effect, type EventName, type State } from './session-state.ts'
import type { WhatsAppConnection } from './whatsapp.ts'

export interface SessionOptions {
  ref: SessionRef
  config: Config
  log: Log
  /** What all sessions of this process share. */
  budget: IntakeBudget
  /** The session runs here no longer. */
  onEnded(): void
  /** An account was linked here, and has logged in. */
  onLinked?(): void
}

const flushMs = 10_000
const logoutPatienceMs = 15_000

/**
 * One session in this connector: carries out what the table in `session-state.ts` says.
 *
 * It owns one link for its whole life, one store for each epoch of the link, and one WhatsApp connection at a time, which
 * is never opened before the link is attached. An empty change at each opening makes even the login wait until the
 * Session has confirmed this epoch, so a superseded connector cannot log in.
 */
export class Session {
  readonly ref: SessionRef
  #options: SessionOptions
  #log: Log
  #link: Link
  #state: State = 'attaching'
  #content: SessionContent | undefined
  #connection: WhatsAppConnection | undefined
  #retries = new Retries(() => this.#dispatch('retryDue'))
  #replacements = new Replacements()
  #reports = new SessionReports((report) => this.#link.record({ reports: [report] }))
  #codes = new PairingCodes((report) => this.#reports.send(report))
  #wantsLogout = false
  #unlinking: Promise<void> | undefined
  #hasFailed = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.ref = options.ref
    this.#log = options.log.child({ idSession: options.ref.idSession, idTenant: options.ref.idTenant })
    this.#link = new Link({
      ...options.config,
      ref: options.ref,
      log: this.#log,
      handlers: this.#linkHandlers(),
    })
  }

  get isEnding(): boolean {
    return this.#state === 'ending' || this.#state === 'ended'
  }

  /** Hands the session back: what is recorded is still sent, WhatsApp is left, nothing is reported. */
  release(): void {
    this.#dispatch('released')
  }

  /**
   * What it would do next is unknown: not one more byte leaves, and what is not stored yet is forgotten. Whoever runs it
   * next begins with what is stored, and WhatsApp sends the rest again.
   */
  fail(error: Error): void {
    this.#log.error({ error: error.message, stack: error.stack }, 'the session failed and ends here')
    this.#hasFailed = true
    this.#dispatch('superseded')
  }

  #attach(state: Parameters<LinkHandlers['attached']>[0]): void {
    this.#content?.close()
    this.#reports.begin()
    try {
      const report = (each: SessionReport) => this.#reports.send(each)
      this.#content = new SessionContent({
        ...this.#options,
        ...state,
        log: this.#log,
        link: this.#link,
        report,
      })
      this.#dispatch('attached')
    } catch (error) {
      this.fail(error as Error)
    }
  }

  #linkHandlers(): LinkHandlers {
    return {
      attached: (state) => this.#attach(state),
      refused: () => {
        this.#leaveConnection((connection) => connection.drop())
        this.#reports.cause = storageRefused
        this.#dispatch('closedStop')
      },
      resumed: (state) => this.#content?.resume(state),
      receiving: (receiving) => this.#content?.settle(receiving),
      lost: () => this.#log.warn('the link to the Worker is broken'),
      acked: () => {
        this.#content?.acked()
        this.#connection?.acked()
        if (this.#state === 'holding' && this.#link.ackedChange === this.#link.lastChange) {
          this.#dispatch('caughtUp')
        }
      },
      command: (idCommand: string, command: LinkCommand, expiresAt) =>
        command.kind === 'pairingCode'
          ? this.#wantCode(idCommand, command.phoneNumber)
          : this.#content?.commands.take(idCommand, command, expiresAt),
      cancel: (idCommand) => this.#content?.commands.outbox.cancel(idCommand),
      desire: (desire) => (desire === 'stop' ? this.#dispatch('stopWanted') : this.#logout()),
      ended: (why) => {
        this.#log.info({ why }, 'the link has ended')
        this.#dispatch('superseded')
      },
    }
  }

  /** WhatsApp can be told only over an open connection; without one it is waited for, but not for ever. */
  #logout(): void {
    if (this.#wantsLogout) return
    this.#wantsLogout = true
    if (this.#state === 'open' || !this.#isLinked) return this.#dispatch('logoutWanted')
    setTimeout(() => this.#dispatch('logoutWanted'), logoutPatienceMs).unref()
  }

  #dispatch(event: EventName): void {
    const { to, effects } = step(this.#state, event)
    if (to !== this.#state) this.#log.info({ from: this.#state, to, event }, 'session')
    this.#state = to
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect) {
      case 'open':
        return this.#open()
      case 'drop':
        return this.#leaveConnection((connection) => connection.drop())
      case 'close':
        return this.#leaveConnection((connection) => connection.close())
      case 'unlink':
        this.#content?.commands.outbox.closed()
        this.#unlinking = this.#connection?.unlink()
        return undefined
      case 'retryNow':
        return this.#retries.now()
      case 'retryLater':
        return this.#retries.later()
      case 'reportQr':
      case 'reportConnected':
      case 'reportReconnecting':
      case 'reportStopped':
      case 'reportStoppedAsked':
      case 'reportLoggedOut':
      case 'reportLoggedOutAsked':
        return this.#reports.tell(effect, this.#content!.account)
      case 'flush':
        void Promise.all([this.#link.flush(flushMs), this.#unlinking]).then(() => this.#dispatch('flushed'))
        return undefined
      case 'leave':
        return this.#leave()
    }
  }

  #open(): void {
    this.#retries.connecting()
    const content = this.#content!
    const { account } = content
    const reports = this.#reports
    this.#link.record({})
    const connection = content.connect({
      qr: (text, lifeMs) => {
        reports.qr = { qr: text, expiresAt: Date.now() + lifeMs }
        this.#dispatch('qr')
        this.#codes.askBy(connection.socket)
      },
      opened: () => {
        this.#retries.opened()
        this.#dispatch('opened')
        content.commands.outbox.opened()
        if (reports.qr !== undefined) this.#options.onLinked?.()
        reports.qr = undefined
        if (this.#wantsLogout) this.#dispatch('logoutWanted')
      },
      closed: (code, message) => {
        this.#connection = undefined
        content.commands.outbox.closed()
        this.#retries.ended()
        const cause = this.#replacements.judge(readClose(code, message, account.isLinked), Date.now())
        reports.cause = cause
        this.#log.info({ code, reason: cause.reason }, 'WhatsApp’s connection has ended')
        // The phone never heard that this client confirmed: there is no account to be logged out of, only a QR to be shown.
        const wasNeverLinked = cause.kind === 'loggedOut' && !account.hasLoggedIn
        if (wasNeverLinked) content.eraseAll()
        this.#dispatch(wasNeverLinked ? 'closedRestart' : closedEvent[cause.kind])
      },
      heldTooLong: () => {
        this.#log.warn('the Worker does not acknowledge: WhatsApp is left until it does')
        reports.cause = readClose(428, '', true)
        // Its acknowledgement brings WhatsApp back, also when all else has been acknowledged.
        this.#link.record({})
        this.#dispatch('heldTooLong')
      },
    })
    this.#connection = connection
  }

  get #isLinked(): boolean {
    return this.#content?.account.isLinked === true
  }

  /** Each code is asked for over a connection of its own, with credentials of its own. */
  #wantCode(idCommand: string, phoneNumber: string): void {
    if (!this.#codes.take(idCommand, phoneNumber, this.#isLinked)) return
    if (this.#state === 'pairing') this.#content?.account.forget()
    this.#dispatch('codeWanted')
  }

  #leaveConnection(leave: (connection: WhatsAppConnection) => void): void {
    this.#retries.cancel()
    const connection = this.#connection
    this.#connection = undefined
    this.#content?.commands.outbox.closed()
    if (connection !== undefined) leave(connection)
  }

  #leave(): void {
    this.#retries.cancel()
    this.#content?.close()
    this.#content = undefined
    this.#link.end(this.#hasFailed ? linkClose.failed : undefined)
    this.#options.onEnded()
  }
}
