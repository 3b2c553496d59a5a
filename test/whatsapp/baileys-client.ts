import makeWASocket, {
  type AuthenticationCreds,
  type ConnectionState,
  type AnyMessageContent,
  initAuthCreds,
  type proto,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type UserFacingSocketConfig,
  WA_CERT_DETAILS,
  type WAMessage,
  type WASocket,
} from 'baileys'
import pino from 'pino'
import { rootCertificates, setDefaultCACertificates } from 'node:tls'
import type { WhatsApp } from './whatsapp.ts'

export interface ClientState {
  creds: AuthenticationCreds
  values: Map<string, unknown>
}

export function newClientState(): ClientState {
  return { creds: initAuthCreds(), values: new Map() }
}

/** An unmodified Baileys with its state in memory, for the simulator's own tests. */
export class BaileysClient {
  readonly socket: WASocket
  readonly messages: WAMessage[] = []
  readonly qrs: string[] = []
  readonly closed: Promise<number>
  readonly #waiting = new Set<() => void>()
  readonly #sent = new Map<string, proto.IMessage>()
  #isOpen = false

  constructor(whatsapp: WhatsApp, state: ClientState, options: Partial<UserFacingSocketConfig> = {}) {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(whatsapp.rootKey, 'hex')
    setDefaultCACertificates([...rootCertificates, whatsapp.caCertificate])
    this.socket = makeWASocket({
      auth: { creds: state.creds, keys: memoryKeys(state.values) },
      waWebSocketUrl: whatsapp.url,
      logger: pino({ level: process.env['BAILEYS_LOG'] ?? 'silent' }),
      retryRequestDelayMs: 10,
      defaultQueryTimeoutMs: 5000,
      markOnlineOnConnect: false,
      getMessage: async ({ id }) => this.#sent.get(id!),
      ...options,
    })
    this.socket.ev.on('creds.update', (update) => void Object.assign(state.creds, update))
    this.socket.ev.on('messages.upsert', ({ messages }) => {
      this.messages.push(...messages)
      this.#check()
    })
    this.closed = new Promise((resolve) => {
      this.socket.ev.on('connection.update', (update) => this.#update(update, resolve))
    })
  }

  /** Links a new client to a phone and connects it again, as Baileys' own example does. */
  static async link(
    whatsapp: WhatsApp,
    state: ClientState,
    scan: (qr: string) => Promise<void>,
    options = {},
  ) {
    const first = new BaileysClient(whatsapp, state, options)
    await first.until(() => first.qrs.length > 0)
    await scan(first.qrs[0]!)
    await first.closed
    const client = new BaileysClient(whatsapp, state, options)
    await client.until(() => client.isOpen)
    return client
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves when a condition on what has arrived holds. */
  until(holds: () => boolean, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the client did not get there in time')), timeoutMs)
      const check = () => {
        if (!holds()) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  async message(fits: (message: WAMessage) => boolean): Promise<WAMessage> {
    await this.until(() => this.messages.some(fits))
    return this.messages.find(fits)!
  }

  /** Sends, and remembers what was sent for whoever asks for it again. */
  async send(jid: string, content: AnyMessageContent): Promise<string> {
    const { key, message } = (await this.socket.sendMessage(jid, content))!
    this.#sent.set(key.id!, message!)
    return key.id!
  }

  end(): void {
    void this.socket.end(undefined)
  }

  #update(update: Partial<ConnectionState>, close: (code: number) => void): void {
    if (update.qr) this.qrs.push(update.qr)
    if (update.connection === 'open') this.#isOpen = true
    if (update.connection === 'close') {
      this.#isOpen = false
      const error = update.lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
      close(error?.output?.statusCode ?? 0)
    }
    this.#check()
  }

  #check(): void {
    for (const check of this.#waiting) check()
  }
}

function memoryKeys(values: Map<string, unknown>): SignalKeyStore {
  return {
    get: async <Type extends keyof SignalDataTypeMap>(type: Type, ids: string[]) => {
      const entries = ids.map((id) => [id, values.get(`${type}/${id}`)] as const)
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<
        string,
        SignalDataTypeMap[Type]
      >
    },
    set: (data) => {
      for (const [type, entries] of Object.entries(data))
        for (const [id, value] of Object.entries(entries ?? {}))
          if (value === null) values.delete(`${type}/${id}`)
          else values.set(`${type}/${id}`, value)
    },
  }
}
