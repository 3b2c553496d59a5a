import type { SendCommand } from '../schema/command.ts'
import type { SessionReport } from '../schema/link.ts'
import type { Log } from './log.ts'
import { explainRefusal } from './refusal-text.ts'
import { SendRefusal } from './send-refusal.ts'

export type CommandReport = Extract<SessionReport, { report: 'command' }>

interface Pending {
  idCommand: string
  command: SendCommand
  expiresAt: number
  state: 'waiting' | 'sending' | 'sent'
  /** Whether it was ever handed to WhatsApp: then it may have gone, whatever its state. */
  isTried: boolean
  /** After a failed try, when the next is due, by the clock that nobody sets; its chat waits behind it, others do not. */
  notBefore: number
}

export interface OutboxOptions {
  /** Hands a command's message to WhatsApp; rejects when it could not be written. */
  send(command: SendCommand): Promise<void>
  report(report: CommandReport): void
  /** A command cannot be taken back. */
  refuseCancel(idCommand: string): void
  log: Log
}

/**
 * Pauses between tries, in milliseconds. A connection that has broken fails a try before it is known to be broken, and one
 * whose Worker is away fails them for seconds: only who fails for longer than that has something wrong with itself.
 */
const retryAfterMs = [500, 1000, 2000, 4000, 8000]
/** So many messages that were sent are still known: Baileys, when it is busy, tells of one after WhatsApp has taken it. */
const maxDone = 50

/**
 * Carries commands out, in the order in which they came: one at a time is handed to WhatsApp, and each is done only
 * when WhatsApp has acknowledged it. What was not acknowledged when the connection broke is sent again on the next one
 * with the same message id, so it is the same message. A command that is told twice is carried out once.
 */
export class Outbox {
  #options: OutboxOptions
  #pending = new Map<string, Pending>()
  #tries = new Map<string, number>()
  /** By the message's id, the oldest first. */
  #done = new Map<string, SendCommand>()
  #isOpen = false
  /** Which connection it is: what fails because an older one broke is no try of a newer one. */
  #connection = 0
  /** The connection over which one is being sent: what hangs on an older one holds nothing up. */
  #sendingOver: number | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  take(idCommand: string, command: SendCommand, expiresAt = Infinity): void {
    if (this.#pending.has(idCommand)) return
    this.#pending.set(idCommand, {
      idCommand,
      command,
      expiresAt,
      state: 'waiting',
      isTried: false,
      notBefore: 0,
    })
    void this.#sendNext()
  }

  /** Takes a command back, if it has surely not gone. */
  cancel(idCommand: string): void {
    const pending = this.#pending.get(idCommand)
    if (pending === undefined || pending.isTried) return this.#options.refuseCancel(idCommand)
    const errorText = 'The message was taken back before it was sent.'
    this.#finish({ report: 'command', idCommand, outcome: 'failed', errorCode: 'cancelled', errorText })
  }

  find(idCommand: string): SendCommand | undefined {
    return this.#pending.get(idCommand)?.command
  }

  /** The file that a message carries which is under way from here, or was a moment ago. */
  fileOf(idMessage: string): string | undefined {
    const message = this.#commandOf(idMessage)?.message
    return message !== undefined && 'idFile' in message ? message.idFile : undefined
  }

  opened(): void {
    this.#isOpen = true
    this.#connection += 1
    for (const pending of this.#pending.values()) {
      pending.state = 'waiting'
      pending.notBefore = 0
    }
    void this.#sendNext()
  }

  /** Whether WhatsApp is connected. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  closed(): void {
    this.#isOpen = false
  }

  /** WhatsApp has taken message `idMessage`, or refused it with `errorCode`. */
  acknowledged(idMessage: string, errorCode: string | undefined): void {
    const pending = [...this.#pending.values()].find(({ command }) => command.idMessage === idMessage)
    if (pending === undefined) return
    if (errorCode === undefined) {
      this.#rememberDone(pending.command)
      this.#finish({ report: 'command', idCommand: pending.idCommand, outcome: 'done' })
      return
    }
    const errorText = explainRefusal(errorCode)
    this.#finish({ report: 'command', idCommand: pending.idCommand, outcome: 'failed', errorCode, errorText })
  }

  #commandOf(idMessage: string): SendCommand | undefined {
    const pending = [...this.#pending.values()].find(({ command }) => command.idMessage === idMessage)
    return pending?.command ?? this.#done.get(idMessage)
  }

  #rememberDone(command: SendCommand): void {
    this.#done.set(command.idMessage, command)
    if (this.#done.size <= maxDone) return
    const [oldest] = this.#done.keys()
    this.#done.delete(oldest!)
  }

  #finish(report: CommandReport): void {
    this.#options.report(report)
    this.#pending.delete(report.idCommand)
    this.#tries.delete(report.idCommand)
  }

  async #sendNext(): Promise<void> {
    const connection = this.#connection
    if (this.#sendingOver === connection) return
    this.#sendingOver = connection
    try {
      while (connection === this.#connection) {
        const next = this.#next()
        if (next === undefined) return
        await this.#send(next)
      }
    } finally {
      if (this.#sendingOver === connection) this.#sendingOver = undefined
    }
  }

  #next(): Pending | undefined {
    if (!this.#isOpen) return undefined
    const heldChats = new Set<string>()
    for (const pending of this.#pending.values()) {
      const { to } = pending.command.message
      if (pending.state !== 'waiting' || heldChats.has(to)) continue
      if (pending.notBefore > performance.now()) {
        heldChats.add(to)
        continue
      }
      if (pending.isTried || pending.expiresAt > Date.now()) return pending
      // The Session has told of it: it knows the time as well.
      this.#pending.delete(pending.idCommand)
    }
    return undefined
  }

  async #send(pending: Pending): Promise<void> {
    const { idCommand } = pending
    const connection = this.#connection
    pending.state = 'sending'
    pending.isTried = true
    try {
      await this.#options.send(pending.command)
      if (connection === this.#connection && pending.state === 'sending') pending.state = 'sent'
    } catch (error) {
      if (connection !== this.#connection) return
      if (error instanceof SendRefusal) {
        const { code: errorCode, message: errorText } = error
        return this.#finish({ report: 'command', idCommand, outcome: 'failed', errorCode, errorText })
      }
      if (!this.#isOpen) return
      const tries = (this.#tries.get(idCommand) ?? 0) + 1
      this.#tries.set(idCommand, tries)
      this.#options.log.warn(
        { idCommand, tries, error: (error as Error).message },
        'could not send a message',
      )
      const pauseMs = retryAfterMs[tries - 1]
      if (pauseMs !== undefined) {
        pending.state = 'waiting'
        pending.notBefore = performance.now() + pauseMs
        setTimeout(() => void this.#sendNext(), pauseMs + 1).unref()
        return
      }
      const errorText = 'The message could not be prepared for WhatsApp. Check its address and content.'
      this.#finish({ report: 'command', idCommand, outcome: 'failed', errorCode: 'sendFailed', errorText })
    }
  }
}
