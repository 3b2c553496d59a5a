import type { SessionReport, SessionRef } from '../schema/link.ts'
import type { WAMessage, WASocket } from './baileys.ts'
import type { Cipher } from './cipher.ts'
import type { Config } from './config.ts'
import { FileTransfers, type FileJob, type TransferResult } from './file-transfers.ts'
import type { Log } from './log.ts'
import { MediaError } from './media-error.ts'
import type { MediaSource } from './media-source.ts'
import { transferFile } from './media-transfer.ts'
import { openFile } from './outgoing-file.ts'

interface SessionFilesOptions {
  ref: SessionRef
  config: Config
  cipher: Cipher
  durability: { lastChange: number; ackedChange: number }
  log: Log
  /** The connection to WhatsApp, when there is one. */
  socket(): WASocket | undefined
  report(report: SessionReport): void
}

const sourceType = 'media-source'

/** A session's files: those that come are fetched when their event is durable, or when the Session asks for them. */
export class SessionFiles {
  #options: SessionFilesOptions
  #transfers: FileTransfers
  #waiting: { idFile: string; source: MediaSource; after: number }[] = []

  constructor(options: SessionFilesOptions) {
    this.#options = options
    this.#transfers = new FileTransfers({
      transfer: (job) => this.#transfer(job),
      giveUp: (idFile, fileError) => options.report({ report: 'fileUnavailable', idFile, fileError }),
      log: options.log,
    })
  }

  /** Encrypts where a file is to be had, for the Session to keep. */
  seal(idFile: string, source: MediaSource): string {
    const plain = Buffer.from(JSON.stringify(source))
    return this.#options.cipher.seal(sourceType, idFile, plain).toString('base64')
  }

  /** Fetches what the Session names. */
  fetch(files: { idFile: string; source: string }[]): void {
    for (const { idFile, source } of files) {
      try {
        const plain = this.#options.cipher.open(sourceType, idFile, Buffer.from(source, 'base64'))
        this.#transfers.add({ idFile, source: JSON.parse(plain.toString()) as MediaSource })
      } catch {
        this.#options.report({
          report: 'fileUnavailable',
          idFile,
          fileError: 'Where the file is to be had cannot be read: the installation’s master key has changed.',
        })
      }
    }
  }

  /** Fetches the file of an event that has just been recorded, once the event is durable. */
  fetchWhenDurable(idFile: string, source: MediaSource): void {
    this.#waiting.push({ idFile, source, after: this.#options.durability.lastChange })
  }

  /** More has become durable. */
  acked(): void {
    const { ackedChange } = this.#options.durability
    while (this.#waiting.length > 0 && this.#waiting[0]!.after <= ackedChange) {
      const { idFile, source } = this.#waiting.shift()!
      this.#transfers.add({ idFile, source })
    }
  }

  /** A file that is to be sent, as the Worker has it. */
  open(idFile: string): ReturnType<typeof openFile> {
    return openFile(this.#urlOf(idFile), this.#options.config.connectorToken)
  }

  close(): void {
    this.#transfers.close()
  }

  #urlOf(idFile: string): string {
    const { config, ref } = this.#options
    return `${config.workerUrl}/link/sessions/${ref.idObject}/files/${idFile}`
  }

  async #transfer({ idFile, source }: FileJob): Promise<TransferResult> {
    const { config } = this.#options
    const socket = this.#options.socket()
    try {
      await transferFile(source, {
        url: this.#urlOf(idFile),
        token: config.connectorToken,
        allowLoopback: config.whatsApp !== undefined,
        requestReupload: socket && ((message) => requestReupload(socket, message)),
      })
      return { ok: true }
    } catch (error) {
      const code = error instanceof MediaError ? error.code : 'network'
      const isPassing = code === 'network' || code === 'timeout' || (code === 'gone' && socket === undefined)
      return { ok: false, problem: (error as Error).message, gone: !isPassing }
    }
  }
}

async function requestReupload(socket: WASocket, message: WAMessage): Promise<WAMessage> {
  await socket.refreshMediaConn()
  return socket.updateMediaMessage(message)
}
