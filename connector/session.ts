import type { LinkCommand } from '../schema/command.ts'
import { linkClose, type SessionReport, type SessionRef } from '../schema/link.ts'
import type { AuthenticationCreds } from './baileys.ts'
import { Pauses, steadyMs } from './backoff.ts'
import { readClose, Replacements, storageRefused, type CloseCause } from './close-cause.ts'
import type { Config } from './config.ts'
import type { IntakeBudget } from './intake-budget.ts'
import { Link, type LinkHandlers } from './link.ts'
import type { Log } from './log.ts'
import { CodeWish, requestCode } from './pairing-code.ts'
import { failedReport } from './question-refusal.ts'
import { SessionContent } from './session-content.ts'
import { closedEvent, step, type Effect, type EventName, type State } from './session-state.ts'
import { hasLoggedIn, newCreds, ownLid, ownNumber, type WhatsAppConnection } from './whatsapp.ts'

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
/** Reports that say nothing of the session's own state. */
const passing = new Set<SessionReport['report']>([
  'accountName',
  'command',
  'cancelRefused',
  'fileUnavailable',
])
const logoutPatienceMs = 15_000
const requested = { reason: 'requested', reasonText: 'It was asked for.' } as const

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
  #creds: AuthenticationCreds | undefined
  #connection: WhatsAppConnection | undefined
  #retry: NodeJS.Timeout | undefined
  #pauses = new Pauses()
  #openedAt: number | undefined
  #restartedAt = -Infinity
  #cause: CloseCause | undefined
  #replacements = new Replacements()
  #qr: { qr: string; expiresAt: number } | undefined
  #lastReport = ''
  #wantsLogout = false
  #codeWish: CodeWish | undefined
  #unlinking: Promise<void> | undefined
  #hasFailed = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.ref = options.ref
    this.#log = options.log.child({ idSession: options.ref.idSession, idTenant: options.ref.idTenant })
    const { workerUrl, connectorToken, masterKey, idConnector } = options.config
    this.#link = new Link({
      workerUrl,
      connectorToken,
      masterKey,
      idConnector,
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
    this.#lastReport = ''
    this.#content = new SessionContent({
      ...state,
      ref: this.#options.ref,
      config: this.#options.config,
      budget: this.#options.budget,
      log: this.#log,
      link: this.#link,
      me: () => this.#creds,
      report: (report) => this.#report(report),
    })
    this.#creds = this.#content.store.loadCreds()
    this.#dispatch('attached')
  }

  #linkHandlers(): LinkHandlers {
    return {
      attached: (state) => {
        try {
          this.#attach(state)
        } catch (error) {
          this.fail(error as Error)
        }
      },
      refused: () => {
        this.#leaveConnection((connection) => connection.drop())
        this.#cause = storageRefused
        this.#dispatch('closedStop')
      },
      resumed: ({ files, receiving }) => {
        if (this.#content !== undefined) this.#content.receiving = receiving
        this.#content?.fetchFiles(files)
      },
      receiving: (receiving) => {
        if (this.#content !== undefined) this.#content.receiving = receiving
      },
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
          ? this.#wantCode(new CodeWish(idCommand, command.phoneNumber))
          : this.#content?.command(idCommand, command, expiresAt),
      cancel: (idCommand) => this.#content?.outbox.cancel(idCommand),
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
        return this.#unlink()
      case 'retryNow':
        return this.#restart()
      case 'retryLater':
        return this.#retryLater()
      case 'reportQr':
        return this.#qr === undefined ? undefined : this.#report({ report: 'qr', ...this.#qr })
      case 'reportConnected':
        return this.#reportConnected()
      case 'reportReconnecting':
        if (!this.#isLinked || this.#lastReport === 'reconnecting') return undefined
        return this.#report({ report: 'reconnecting', ...this.#why() })
      case 'reportStopped':
        return this.#report({ report: 'stopped', ...this.#why() })
      case 'reportStoppedAsked':
        return this.#report({ report: 'stopped', ...requested })
      case 'reportLoggedOut':
        return this.#report({ report: 'loggedOut', ...this.#why() })
      case 'reportLoggedOutAsked':
        return this.#report({ report: 'loggedOut', ...requested })
      case 'flush':
        void Promise.all([this.#link.flush(flushMs), this.#unlinking]).then(() => this.#dispatch('flushed'))
        return undefined
      case 'leave':
        return this.#leave()
    }
  }

  #open(): void {
    clearTimeout(this.#retry)
    const content = this.#content!
    this.#creds ??= newCreds()
    // A pairing that was begun and never finished leaves credentials with which one can neither log in nor register.
    if (this.#creds.me !== undefined && this.#creds.account === undefined) this.#creds = newCreds()
    this.#link.record({})
    this.#openedAt = undefined
    const connection = content.connect(this.#creds, {
      qr: (text, lifeMs) => {
        this.#qr = { qr: text, expiresAt: Date.now() + lifeMs }
        this.#dispatch('qr')
        this.#askForCode(connection)
      },
      opened: () => {
        this.#openedAt = performance.now()
        this.#dispatch('opened')
        content.outbox.opened()
        if (this.#qr !== undefined) this.#options.onLinked?.()
        this.#qr = undefined
        if (this.#wantsLogout) this.#dispatch('logoutWanted')
      },
      closed: (code, message) => {
        this.#connection = undefined
        content.outbox.closed()
        this.#pauses.ended(this.#openedAt === undefined ? undefined : performance.now() - this.#openedAt)
        this.#cause = this.#replacements.judge(readClose(code, message, this.#isLinked), Date.now())
        this.#log.info({ code, reason: this.#cause.reason }, 'WhatsApp’s connection has ended')
        const wasNeverLinked = this.#cause.kind === 'loggedOut' && !hasLoggedIn(this.#creds)
        if (wasNeverLinked) this.#forgetPairing(content)
        this.#dispatch(wasNeverLinked ? 'closedRestart' : closedEvent[this.#cause.kind])
      },
      heldTooLong: () => {
        this.#log.warn('the Worker does not acknowledge: WhatsApp is left until it does')
        this.#cause = readClose(428, '', true)
        this.#dispatch('heldTooLong')
      },
    })
    this.#connection = connection
  }

  /** A request for a pairing code already names an account in the credentials; only the phone's answer links it. */
  get #isLinked(): boolean {
    return this.#creds?.account !== undefined
  }

  /** Each code is asked for over a connection of its own, with credentials of its own. */
  #wantCode(wish: CodeWish): void {
    if (this.#isLinked) {
      const errorText = 'The session is linked. Log it out first to link another number.'
      return this.#report(failedReport(wish.idCommand, { errorCode: 'alreadyLinked', errorText }))
    }
    this.#codeWish = wish
    if (this.#state === 'pairing') this.#creds = newCreds()
    this.#dispatch('codeWanted')
  }

  #askForCode({ socket }: WhatsAppConnection): void {
    const wish = this.#codeWish
    this.#codeWish = undefined
    if (wish === undefined || wish.isOver) return
    void requestCode(socket, wish).then((report) => this.#report(report))
  }

  /** The phone never heard that this client confirmed: there is no account to be logged out of, only a QR to be shown. */
  #forgetPairing(content: SessionContent): void {
    this.#creds = undefined
    this.#link.record(content.store.eraseAll())
  }

  #leaveConnection(leave: (connection: WhatsAppConnection) => void): void {
    clearTimeout(this.#retry)
    const connection = this.#connection
    this.#connection = undefined
    this.#content?.outbox.closed()
    if (connection !== undefined) leave(connection)
  }

  #unlink(): void {
    this.#content?.outbox.closed()
    this.#unlinking = this.#connection?.unlink()
  }

  /** WhatsApp asks for it; but once a while is enough: should it never do anything else, it is asked less and less often. */
  #restart(): void {
    const now = performance.now()
    if (now - this.#restartedAt < steadyMs) return this.#retryLater()
    this.#restartedAt = now
    return this.#retryAfter(0)
  }

  #retryLater(): void {
    this.#retryAfter(this.#pauses.next())
  }

  #retryAfter(delayMs: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#dispatch('retryDue'), delayMs)
  }

  #reportConnected(): void {
    const creds = this.#creds!
    const lid = ownLid(creds)
    const accountName = creds.me?.name
    this.#report({
      report: 'connected',
      number: ownNumber(creds)!,
      ...(lid !== undefined && { lid }),
      ...(accountName !== undefined && { accountName }),
    })
  }

  #report(report: SessionReport): void {
    if (!passing.has(report.report)) this.#lastReport = report.report
    this.#link.record({ reports: [report] })
  }

  #why(): { reason: CloseCause['reason']; reasonText: string } {
    const { reason, reasonText } = this.#cause ?? readClose(428, '', true)
    return { reason, reasonText }
  }

  #leave(): void {
    clearTimeout(this.#retry)
    this.#content?.close()
    this.#content = undefined
    this.#creds = undefined
    this.#link.end(this.#hasFailed ? linkClose.failed : undefined)
    this.#options.onEnded()
  }
}
