import type { LinkCommand, SendCommand } from '../schema/command.ts'
import type { EventEntry, SessionReport } from '../schema/link.ts'
import type { WASocket } from './baileys.ts'
import type { Log } from './log.ts'
import { Outbox, type CommandReport } from './outbox.ts'
import type { People } from './people.ts'
import type { PresenceSubscriptions } from './presence-subscriptions.ts'
import { answerQuestion } from './questions.ts'
import { readCommandStatus } from './receipt-event.ts'
import { sendOutgoing } from './send.ts'
import type { SentMessages } from './sent-messages.ts'
import type { SessionFiles } from './session-files.ts'

type ContentCommand = Exclude<LinkCommand, { kind: 'pairingCode' }>

interface SessionCommandsOptions {
  idSession: string
  people: People
  presences: PresenceSubscriptions
  sent: SentMessages
  files: Pick<SessionFiles, 'open' | 'fetch'>
  /** The connection to WhatsApp, when there is one. */
  socket(): WASocket | undefined
  isKnown(idEvent: string): boolean
  /** Records what became of a command, with the event that tells it. */
  record(report: CommandReport, events: EventEntry[]): void
  report(report: SessionReport): void
  log: Log
}

type FileCommand = Pick<Extract<ContentCommand, { kind: 'fetchFile' }>, 'idFile' | 'source'>

/** What the Session asks of this connector: messages are carried out in their turn, questions are answered at once. */
export class SessionCommands {
  readonly outbox: Outbox
  #options: SessionCommandsOptions

  constructor(options: SessionCommandsOptions) {
    this.#options = options
    this.outbox = new Outbox({
      send: (command) => this.#send(command),
      report: (report) => this.#reportCommand(report),
      refuseCancel: (idCommand) => options.report({ report: 'cancelRefused', idCommand }),
      log: options.log,
    })
  }

  take(idCommand: string, command: ContentCommand, expiresAt: number | undefined): void {
    if (command.kind === 'sendMessage') return this.outbox.take(idCommand, command, expiresAt)
    if (command.kind === 'fetchFile') return this.#fetchAgain(idCommand, command)
    const { people, presences, report } = this.#options
    const socket = this.outbox.isOpen ? this.#options.socket() : undefined
    const authorIn = async (chat: string, jid: string) => {
      if (socket !== undefined) await people.knowGroup(socket, chat)
      return people.groups.addressIn(chat, jid)
    }
    const answering = answerQuestion(idCommand, command, {
      socket,
      phoneOf: (lid) => people.phoneOf(lid),
      openFile: (idFile) => this.#options.files.open(idFile),
      authorIn,
    })
    void answering.then((answer) => {
      if (command.kind === 'subscribePresence' && answer.outcome === 'done') presences.add(command.to)
      report(answer)
    })
  }

  /** What comes of it is the file, or a report of its own. */
  #fetchAgain(idCommand: string, file: FileCommand): void {
    const { report, files } = this.#options
    if (!this.outbox.isOpen) {
      const errorText = 'The session is not connected to WhatsApp at the moment. Try again soon.'
      return report({ report: 'command', idCommand, outcome: 'failed', errorCode: 'notConnected', errorText })
    }
    report({ report: 'command', idCommand, outcome: 'done' })
    files.fetch([file])
  }

  #reportCommand(report: CommandReport): void {
    const { idSession, isKnown, record } = this.#options
    const command = this.outbox.find(report.idCommand)
    const status =
      command === undefined ? undefined : readCommandStatus(report, command, idSession, Date.now())
    record(report, status === undefined || isKnown(status.idEvent) ? [] : [{ event: status }])
  }

  async #send(command: SendCommand): Promise<void> {
    const { people, sent } = this.#options
    const socket = this.#options.socket()
    if (socket === undefined) throw new Error('WhatsApp is not connected')
    await people.knowGroup(socket, command.message.to)
    const message = await sendOutgoing(command, {
      socket,
      openFile: (idFile) => this.#options.files.open(idFile),
      authorIn: (chat, jid) => people.groups.addressIn(chat, jid),
    })
    // At once: Baileys, when it is busy, tells of it after a recipient has asked for it again.
    if (message !== undefined) sent.keep(command.idMessage, message)
  }
}
