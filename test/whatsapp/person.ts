import type { BinaryNode, proto } from 'baileys'
import { randomBytes } from 'node:crypto'
import type { Companion } from './companion.ts'
import { type Content, encodeContent, type Wrapper, wrap } from './content.ts'
import type { Group } from './group.ts'
import { node } from './node.ts'
import type { Phone } from './phone.ts'
import { SignalDevice } from './signal-device.ts'
import type { World } from './world.ts'

export interface PersonOptions {
  number?: string
  name: string
  lid?: string
  /** Only the LID is ever told to others; nobody can learn the number. */
  hidesNumber?: boolean
}

export interface SendOptions {
  /** Envelopes, outermost first. */
  wrap?: Wrapper | Wrapper[]
  /** How the sender is named on the wire; a person without a number has no choice. Default: `lid`. */
  addressing?: 'pn' | 'lid'
  /** With `pn` addressing: leave the LID out, as servers did before LIDs. With `lid`: leave the number out. */
  withoutAlternate?: boolean
  id?: string
  timestamp?: number
  /** The clients get the message without its content, which they must ask the phone for. */
  onlyOnPhone?: boolean
}

export interface SentMessage {
  id: string
  timestamp: number
  message: proto.IMessage
}

/** Somebody on WhatsApp: a number, a LID and a phone with a Signal identity of its own. */
export class Person {
  readonly world: World
  readonly name: string
  readonly number: string | undefined
  hidesNumber: boolean
  /** Lets nobody add them to groups. */
  refusesGroups = false
  /** Where the profile picture is to be had; nobody has one at first. */
  pictureUrl: string | undefined
  readonly lid: string
  device = new SignalDevice()
  /** Ids of messages that this person's phone could not read and has asked for again. */
  readonly missing = new Set<string>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(world: World, { number, name, lid, hidesNumber }: PersonOptions) {
    this.world = world
    this.name = name
    this.number = number
    this.hidesNumber = hidesNumber ?? !number
    this.lid = lid ?? world.nextLid()
  }

  get pnJid(): string | undefined {
    return this.number && `${this.number}@s.whatsapp.net`
  }

  get lidJid(): string {
    return `${this.lid}@lid`
  }

  /** The number where others may know it. */
  get knownJid(): string | undefined {
    return this.hidesNumber ? undefined : this.pnJid
  }

  /** Installs WhatsApp again: a new identity, of which the linked clients of all accounts are told. */
  reinstall(): void {
    this.device = new SignalDevice()
    for (const phone of this.world.phones) {
      const id = this.world.nextId()
      const attributes = { id, type: 'encrypt', from: this.lidJid, t: `${this.world.unixNow()}` }
      phone.deliverToAll(node('notification', attributes, [node('identity')]), `notification-${id}`)
    }
  }

  /** Sends to an account or to a group; resolves when WhatsApp's server has it for each linked client. */
  send(to: Phone | Group, content: Content, options: SendOptions = {}): Promise<SentMessage> {
    const sending = this.#queue.then(() => this.#send(to, content, options))
    this.#queue = sending.catch(() => undefined)
    return sending
  }

  async #send(to: Phone | Group, content: Content, options: SendOptions): Promise<SentMessage> {
    const chatJid = 'members' in to ? to.jid : (to.pnJid ?? to.lidJid)
    const encoded = await encodeContent(content, this.world.mediaHost, chatJid)
    const message = options.wrap ? wrap(encoded, [options.wrap].flat()) : encoded
    const sent: SentMessage = {
      id: options.id ?? `3EB0${randomBytes(9).toString('hex').toUpperCase()}`,
      timestamp: options.timestamp ?? this.world.unixNow(),
      message,
    }
    const type = isText(message) ? 'text' : 'media'
    if (options.onlyOnPhone && !('members' in to)) to.readable.set(sent.id, this.#asReadOnPhone(sent))
    if ('members' in to) await this.#sendToGroup(to, sent, type, options)
    else
      for (const companion of to.companions.values()) {
        const build = async (renew: boolean) =>
          node('message', this.#envelope(sent, type, options), [
            options.onlyOnPhone ? node('unavailable') : await this.#encryptFor(to, companion, message, renew),
          ])
        companion.deliver(await build(false), { renew: () => build(true) })
      }
    return sent
  }

  #asReadOnPhone({ id, timestamp, message }: SentMessage): proto.IWebMessageInfo {
    const key = { remoteJid: this.lidJid, fromMe: false, id }
    return { key, message, messageTimestamp: timestamp, pushName: this.name }
  }

  async #sendToGroup(group: Group, sent: SentMessage, type: string, options: SendOptions): Promise<void> {
    const sender = this.device.groupSender(group.jid)
    const attributes = this.#envelope(sent, type, options, group)
    const distribution = sender.distribution(group.jid)
    const body = node('enc', { v: '2', type: 'skmsg' }, sender.encrypt(sent.message))
    for (const phone of group.phones())
      for (const companion of phone.companions.values()) {
        const keyFor = (message: proto.IMessage, renew: boolean) =>
          this.#encryptFor(phone, companion, message, renew)
        const renew = async () => {
          const key = await keyFor(sender.distribution(group.jid), true)
          const again = node('enc', { v: '2', type: 'skmsg' }, sender.encrypt(sent.message))
          return node('message', attributes, [key, again])
        }
        const key = sender.knownBy.has(companion) ? [] : [await keyFor(distribution, false)]
        sender.knownBy.add(companion)
        companion.deliver(node('message', attributes, [...key, body]), { renew })
      }
  }

  async #encryptFor(
    phone: Phone,
    companion: Companion,
    message: proto.IMessage,
    renew: boolean,
  ): Promise<BinaryNode> {
    const jid = phone.deviceJid(companion)
    const { type, bytes } = await this.device.encrypt(jid, message, async () => companion.bundle(jid), renew)
    return node('enc', { v: '2', type }, bytes)
  }

  #envelope({ id, timestamp }: SentMessage, type: string, options: SendOptions, group?: Group) {
    const byNumber = (group ?? options).addressing === 'pn' && this.pnJid !== undefined
    const alternate = options.withoutAlternate ? undefined : byNumber ? this.lidJid : this.knownJid
    const author = byNumber ? this.pnJid : this.lidJid
    return {
      id,
      t: `${timestamp}`,
      type,
      notify: this.name,
      ...(group ? { from: group.jid, participant: author } : { from: author }),
      addressing_mode: byNumber ? 'pn' : 'lid',
      [`${group ? 'participant' : 'sender'}_${byNumber ? 'lid' : 'pn'}`]: alternate,
    }
  }
}

function isText(message: proto.IMessage): boolean {
  return message.conversation != null || message.extendedTextMessage != null
}
