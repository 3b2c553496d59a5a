import { EventEmitter } from 'node:events'
import { makeWASocket, WA_CERT_DETAILS, whatsAppVersion } from './baileys.ts'
import type { AuthenticationCreds, GroupMetadata, proto, SocketConfig, WASocket } from './baileys.ts'
import { makeQuietLog, type Log } from './log.ts'
import { readInTurn } from './read-in-turn.ts'
import type { StoreView } from './store.ts'

export interface SocketOptions {
  view: StoreView
  creds: AuthenticationCreds
  whatsApp: { url: string; rootKey?: Buffer } | undefined
  makeRepository: SocketConfig['makeSignalRepository']
  getMessage(id: string): proto.IMessage | undefined
  groupMetadata(jid: string): GroupMetadata | undefined
  log: Log
}

export const keepAliveIntervalMs = 15_000

const rejection = Symbol.for('nodejs.rejection')

/**
 * A socket of Baileys as sessions use it. What its client's asynchronous listeners reject with goes to the log, instead of
 * to the whole process.
 *
 * @param onCorrupt is called when what came from WhatsApp is not what it sent: the connection is to be cut.
 */
export function makeSocket(options: SocketOptions, onCorrupt: () => void): WASocket {
  const { whatsApp, log } = options
  if (whatsApp?.rootKey !== undefined) WA_CERT_DETAILS.PUBLIC_KEY = whatsApp.rootKey as Buffer<ArrayBuffer>
  const before = EventEmitter.captureRejections
  EventEmitter.captureRejections = true
  try {
    const socket = makeWASocket(socketConfig(options))
    const tell = (error: Error) => log.warn({ error: error.message }, 'Baileys failed aside of any request')
    Object.assign(socket.ws, { [rejection]: tell })
    readInTurn(socket.ws, { onCorrupt, onError: tell })
    return socket
  } finally {
    EventEmitter.captureRejections = before
  }
}

function socketConfig(options: SocketOptions): Parameters<typeof makeWASocket>[0] {
  return {
    auth: { creds: options.creds, keys: options.view.keys },
    logger: makeQuietLog(options.log),
    version: whatsAppVersion,
    makeSignalRepository: options.makeRepository,
    getMessage: async ({ id }) => (id ? options.getMessage(id) : undefined),
    cachedGroupMetadata: async (jid) => options.groupMetadata(jid),
    markOnlineOnConnect: false,
    syncFullHistory: false,
    emitOwnEvents: true,
    keepAliveIntervalMs,
    retryRequestDelayMs: 50,
    generateHighQualityLinkPreview: false,
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 10 },
    ...(options.whatsApp !== undefined && { waWebSocketUrl: options.whatsApp.url }),
  }
}
