import { type BinaryNode, Curve, type proto } from 'baileys'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import { Connection } from './connection.ts'
import type { Contact } from './contact.ts'
import type { Group, GroupOptions } from './group.ts'
import { type Authority, createAuthority, MediaHost } from './media-host.ts'
import { child, node } from './node.ts'
import { generateServerKeys, type ServerKeys } from './noise.ts'
import type { PersonOptions } from './person.ts'
import type { Phone } from './phone.ts'
import { readCodeRequest } from './pairing-code.ts'
import { type Asker, answerQuery } from './queries.ts'
import { isConfirmedBy, newRefs, pairDevice, type Registration } from './registration.ts'
import { answerReupload } from './reupload.ts'
import { readSign } from './sign.ts'
import { passReceiptOn, routeMessage } from './router.ts'
import { World } from './world.ts'

export interface WhatsAppOptions {
  port?: number
  mediaPort?: number
  /** Where the server's keys and the media host's certificate are kept, so that a restart has the same. */
  dataDirectory?: string
  now?: () => number
  /** Shows its certificates without having the key that they are for, as an impostor would who has copied them. */
  isImpostor?: boolean
}

/** A WhatsApp of one's own on the loopback interface, to which an unmodified Baileys links. */
export interface WhatsApp {
  /** For `CHATLINK_WHATSAPP_URL`. */
  url: string
  /** For `CHATLINK_WHATSAPP_ROOT_KEY`: hexadecimal. */
  rootKey: string
  /** PEM; clients must trust it to fetch media. */
  caCertificate: string
  /** For `NODE_EXTRA_CA_CERTS`, when there is a data directory. */
  caFile: string | undefined
  mediaHost: MediaHost
  world: World
  /** What clients sent that the simulator does not understand: a test that sees one must fail. */
  unknownStanzas: BinaryNode[]
  createPhone(options: PersonOptions & { number: string }): Phone
  createContact(options: PersonOptions): Contact
  createGroup(options: GroupOptions): Group
  close(): Promise<void>
}

/** Starts the simulator; ports are free ones unless given. */
export async function startWhatsApp(options: WhatsAppOptions = {}): Promise<WhatsApp> {
  const { keys, authority, caFile } = await loadKeys(options.dataDirectory)
  const mediaHost = await MediaHost.start(authority, options.mediaPort ?? 0)
  const world = new World(mediaHost, options.now ?? Date.now)
  const unknownStanzas: BinaryNode[] = []
  const own = options.isImpostor === true ? { ...keys, static: Curve.generateKeyPair() } : keys
  const server = new Server(world, own, unknownStanzas)
  const port = await server.listen(options.port ?? 0)
  return {
    url: `ws://127.0.0.1:${port}/ws/chat`,
    rootKey: Buffer.from(keys.root.public).toString('hex'),
    caCertificate: authority.certificate,
    caFile,
    mediaHost,
    world,
    unknownStanzas,
    createPhone: (phone) => world.addPhone(phone),
    createContact: (contact) => world.addContact(contact),
    createGroup: (group) => world.addGroup(group),
    close: async () => {
      await server.close()
      await mediaHost.close()
    },
  }
}

async function loadKeys(directory?: string) {
  const make = async () => ({ keys: generateServerKeys(), authority: await createAuthority() })
  if (!directory) return { ...(await make()), caFile: undefined }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'whatsapp.json')
  const caFile = join(directory, 'ca.pem')
  if (!existsSync(file)) {
    const made = await make()
    const text = JSON.stringify(made, (_, value: unknown) =>
      ArrayBuffer.isView(value) ? { bytes: Buffer.from(value as Uint8Array).toString('base64') } : value,
    )
    writeFileSync(file, text.replaceAll(/\{"type":"Buffer","data":\[[\d,]*\]\}/g, toBase64Json), {
      mode: 0o600,
    })
  }
  const { keys, authority } = JSON.parse(readFileSync(file, 'utf8'), (_, value: { bytes?: string } | null) =>
    typeof value?.bytes === 'string' ? Buffer.from(value.bytes, 'base64') : value,
  ) as { keys: ServerKeys; authority: Authority }
  writeFileSync(caFile, authority.certificate)
  return { keys, authority, caFile }
}

function toBase64Json(buffer: string): string {
  const { data } = JSON.parse(buffer) as { data: number[] }
  return JSON.stringify({ bytes: Buffer.from(data).toString('base64') })
}

/** Speaks with the clients: registration, login, queries, receipts, messages. */
class Server {
  readonly #world: World
  readonly #keys: ServerKeys
  readonly #unknown: BinaryNode[]
  readonly #askers = new Map<Connection, Asker>()
  readonly #registrations = new Map<Connection, Registration>()
  #sockets: WebSocketServer | undefined

  constructor(world: World, keys: ServerKeys, unknown: BinaryNode[]) {
    this.#world = world
    this.#keys = keys
    this.#unknown = unknown
  }

  async listen(port: number): Promise<number> {
    const sockets = new WebSocketServer({
      host: '127.0.0.1',
      port,
      maxPayload: 64 * 1024 * 1024,
      verifyClient: (_, answer) => {
        this.#world.attempts += 1
        const { upgradeRefusal } = this.#world
        answer(upgradeRefusal === undefined, upgradeRefusal, 'Refused')
      },
    })
    this.#sockets = sockets
    sockets.on(
      'connection',
      (socket) =>
        void new Connection(socket, this.#keys, {
          onClient: (connection, clientStatic, payload) => this.#greet(connection, clientStatic, payload),
          onStanza: (connection, stanza) => this.#receive(connection, stanza),
          onClose: (connection) => this.#forget(connection),
        }),
    )
    await new Promise<void>((resolve, reject) => {
      sockets.once('listening', resolve)
      sockets.once('error', reject)
    })
    return (sockets.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const client of this.#sockets?.clients ?? []) client.terminate()
    await new Promise((resolve) => this.#sockets?.close(resolve))
  }

  #greet(connection: Connection, clientStatic: Buffer, payload: proto.ClientPayload): void {
    if (payload.devicePairingData && !payload.username) {
      const { registrationFailure: reason } = this.#world
      if (reason !== undefined) return connection.end(node('failure', { reason }))
      const registration = {
        connection,
        noiseStatic: clientStatic,
        pairing: payload.devicePairingData,
        refs: newRefs(),
      }
      this.#registrations.set(connection, registration)
      this.#world.registrations.add(registration)
      connection.send(pairDevice(this.#world.nextId(), registration.refs))
      return
    }
    const phone = this.#world.personOf(String(payload.username)) as Phone | undefined
    const companion = phone?.companions?.get(Number(payload.device))
    if (phone?.loginFailure) return connection.end(node('failure', { reason: phone.loginFailure }))
    if (!phone || !companion?.noiseStatic.equals(clientStatic))
      return connection.end(node('failure', { reason: '401', location: 'sim' }))
    if (companion.connection?.isOpen)
      companion.connection.end(node('stream:error', {}, [node('conflict', { type: 'replaced' })]))
    companion.connection = connection
    companion.isActive = false
    companion.watched.clear()
    this.#askers.set(connection, { world: this.#world, phone, companion })
    const now = `${this.#world.unixNow()}`
    connection.send(node('success', { t: now, props: '1', lid: phone.deviceJid(companion), creation: now }))
  }

  async #receive(connection: Connection, stanza: BinaryNode): Promise<void> {
    const registration = this.#registrations.get(connection)
    if (registration) return this.#receiveFromStranger(registration, stanza)
    const asker = this.#askers.get(connection)
    if (!asker) return
    asker.phone.noteSign(readSign(stanza))
    switch (stanza.tag) {
      case 'iq':
        return this.#answer(connection, stanza, asker)
      case 'message':
        return routeMessage(stanza, asker)
      case 'receipt':
        return this.#takeReceipt(stanza, asker)
      case 'ack':
        return this.#takeAck(stanza, asker)
      case 'presence':
        if (stanza.attrs['type'] === 'subscribe') asker.companion.watched.add(stanza.attrs['to']!)
        return
      case 'chatstate':
      case 'ib':
        return
      case 'call':
        return connection.send(
          node('ack', { class: 'call', id: stanza.attrs['id'], from: stanza.attrs['to'] }),
        )
      default:
        this.#unknown.push(stanza)
    }
  }

  #receiveFromStranger(registration: Registration, stanza: BinaryNode): void {
    const code = child(stanza, 'link_code_companion_reg')
    if (code) {
      const { pairingCodeRefusal } = this.#world
      const type = pairingCodeRefusal === undefined ? 'result' : 'error'
      const answer = { id: stanza.attrs['id'], type, from: '@s.whatsapp.net' }
      if (pairingCodeRefusal !== undefined)
        return registration.connection.send(node('iq', answer, [node('error', { code: pairingCodeRefusal })]))
      if (code.attrs['stage'] === 'companion_hello') registration.code = readCodeRequest(code)
      const ref = node('link_code_pairing_ref', {}, registration.code?.ref)
      registration.connection.send(node('iq', answer, [node('link_code_companion_reg', {}, [ref])]))
      if (code.attrs['stage'] === 'companion_finish') registration.code?.finish?.(code)
    } else if (stanza.attrs['xmlns'] === 'w:p') {
      const answer = { id: stanza.attrs['id'], type: 'result', from: '@s.whatsapp.net' }
      registration.connection.send(node('iq', answer))
    } else if (child(stanza, 'pair-device-sign')) {
      if (isConfirmedBy(registration, stanza)) registration.accepted?.confirm()
      else this.#unknown.push(stanza)
    } else if (!['ib', 'ack', 'presence'].includes(stanza.tag) && stanza.attrs['type'] !== 'result')
      this.#unknown.push(stanza)
  }

  async #answer(connection: Connection, iq: BinaryNode, asker: Asker): Promise<void> {
    if (iq.attrs['type'] === 'result') return
    const answer = await answerQuery(iq, asker)
    const attributes = { id: iq.attrs['id'], from: iq.attrs['to'] ?? '@s.whatsapp.net' }
    if (!answer) {
      this.#unknown.push(iq)
      connection.send(
        node('iq', { ...attributes, type: 'error' }, [node('error', { code: '501', text: 'unknown' })]),
      )
    } else if ('error' in answer) {
      const { error: code, text } = answer
      connection.send(node('iq', { ...attributes, type: 'error' }, [node('error', { code, text })]))
    } else connection.send(node('iq', { ...attributes, type: 'result' }, answer))
    if (iq.attrs['xmlns'] === 'passive' && child(iq, 'active')) await this.#activate(asker)
  }

  async #activate({ phone, companion }: Asker): Promise<void> {
    companion.loginCount++
    if (companion.loginCount === 1) await phone.greet(companion)
    companion.sendBacklog()
    phone.connectionChanged()
  }

  #takeReceipt(stanza: BinaryNode, asker: Asker): Promise<void> | void {
    const { world, companion } = asker
    const { id, type = '', to } = stanza.attrs as { id: string; type?: string; to?: string }
    companion.connection?.send(node('ack', { class: 'receipt', id, from: to, type: type || undefined }))
    if (type === 'retry') return companion.retry(id, stanza)
    if (type === 'server-error') {
      return this.#answerReupload(stanza, asker)
    }
    const more = child(stanza, 'list')
    const ids = [id, ...(Array.isArray(more?.content) ? more.content.map(({ attrs }) => attrs['id']!) : [])]
    for (const each of ids) {
      companion.confirm(each, type, world.unixNow())
      passReceiptOn(each, stanza, asker)
    }
  }

  #answerReupload(stanza: BinaryNode, { world, phone, companion }: Asker): void {
    const id = stanza.attrs['id']!
    const kept = phone.keptFiles.get(id)
    const reupload = kept && { ...kept, directPath: world.mediaHost.storeAgain(kept.directPath) }
    companion.connection?.send(answerReupload(id, stanza, world.unixNow(), reupload))
  }

  #takeAck(stanza: BinaryNode, { world, companion }: Asker): void {
    const { id, class: kind, error } = stanza.attrs as { id: string; class?: string; error?: string }
    if (kind === 'message') {
      if (error === undefined || error === '487')
        companion.confirm(id, error ? 'nack' : 'ack', world.unixNow())
      return
    }
    for (const [key, { stanza: pending }] of companion.outbox)
      if (pending.attrs['id'] === id && pending.tag === kind) {
        companion.outbox.delete(key)
        return
      }
  }

  #forget(connection: Connection): void {
    const registration = this.#registrations.get(connection)
    if (registration) this.#world.registrations.delete(registration)
    this.#registrations.delete(connection)
    const asker = this.#askers.get(connection)
    this.#askers.delete(connection)
    if (asker?.companion.connection === connection) {
      asker.companion.connection = undefined
      asker.companion.isActive = false
    }
  }
}
