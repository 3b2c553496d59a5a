import { setTimeout as wait } from 'node:timers/promises'
import { MessageType } from '../../schema/event/event.ts'
import { findContractProblems } from '../support/contract.ts'
import { messageCases, senderFields, type MessageCase } from '../support/message-cases.ts'
import type { AnyEvent } from '../support/receiver.ts'
import type { Stage } from '../support/stage.ts'
import type { Contact } from '../whatsapp/contact.ts'
import type { Group } from '../whatsapp/group.ts'
import type { Phone } from '../whatsapp/phone.ts'
import { drawQr } from './draw.ts'
import { talk } from './talk.ts'

/** Who takes part. */
export interface Cast {
  shop: Phone
  ana: Contact
  /** Somebody whose number nobody can know. */
  hidden: Contact
  group: Group
}

/** What was to come and what is wrong with it; nothing when `problems` is empty. */
export interface Finding {
  title: string
  problems: string[]
}

const idSession = 'demo'
/** All but the states of the connection, which `sessionUpdate` tells as well. */
const events = MessageType.options.filter((type) => type !== 'connectionUpdate')
const path = `/v1/sessions/${idSession}`

/** Who watches: `say` tells what happens, `show` is for drawings. */
export interface Audience {
  say(text: string): void
  show(text: string): void
  paceMs: number
}

/** Plays the demo on a stage. */
export class Play {
  readonly findings: Finding[] = []
  readonly cast: Cast
  readonly #stage: Stage
  readonly #say: (text: string) => void
  readonly #show: (text: string) => void
  readonly #paceMs: number

  /** `paceMs`: how long the audience gets for each act; 0 for nobody watching. */
  constructor(stage: Stage, { say, show, paceMs }: Audience) {
    const { whatsapp } = stage
    this.#stage = stage
    this.#say = say
    this.#show = show
    this.#paceMs = paceMs
    const shop = whatsapp.createPhone({ number: '34911000001', name: 'The Shop' })
    const ana = whatsapp.createContact({ number: '34600111222', name: 'Ana García' })
    const hidden = whatsapp.createContact({ number: '34600999888', name: 'Somebody', hidesNumber: true })
    const group = whatsapp.createGroup({ subject: 'Neighbours', members: [ana, shop, hidden] })
    this.cast = { shop, ana, hidden, group }
  }

  /** Subscribes, links the account by QR. */
  async link(): Promise<void> {
    const { api } = this.#stage
    await this.#stage.subscribe({ description: 'Demo subscriber', events })
    this.#say('A session is created by POST /v1/sessions; WhatsApp gives it a QR.')
    await api.post('/v1/sessions', { idSession, name: 'The shop’s number' })
    await this.#expectUpdate('started')
    const newQr = await this.#expectUpdate('newQR')
    if (typeof newQr?.['qr'] !== 'string') throw new Error('no QR came, so nothing can be scanned')
    const qr = newQr['qr']
    this.#show(await drawQr(qr))
    await this.#pause(3)
    this.#say('The shop’s phone scans it.')
    await this.cast.shop.scan(qr)
    await this.#expectUpdate('connected', { number: '34911000001@s.whatsapp.net' })
    await this.cast.shop.waitUntilConnected()
  }

  /** Messages of every type, direct and in a group. */
  async receiveEverything(): Promise<void> {
    const { ana, hidden, group } = this.cast
    for (const each of messageCases) {
      this.#say(`Ana sends ${each.title}.`)
      await this.receive(each, ana)
    }
    for (const each of messageCases.slice(0, 2)) {
      this.#say(`Ana sends ${each.title} to the group “${group.subject}”.`)
      await this.receive(each, ana, group)
    }
    this.#say('Somebody whose number WhatsApp hides writes.')
    await this.receive(messageCases[0]!, hidden)
  }

  /** One message and its webhook. */
  async receive(each: MessageCase, from: Contact, group?: Group): Promise<void> {
    await this.#pause()
    const sent = await from.send(group ?? this.cast.shop, each.content)
    const where = group ? `${each.title}, in a group` : `${each.title} from ${from.name}`
    const event = await this.#expect(where, (e) => e['idMessage'] === sent.id, {
      idSession,
      ...senderFields(from, sent, group),
      ...each.fields,
    })
    if (each.file && event) await this.#expectFile(`the file of ${where}`, String(event['idFile']), each.file)
  }

  /** The shop’s system and Ana talk. */
  talk(): Promise<void> {
    return talk({
      stage: this.#stage,
      cast: this.cast,
      path,
      say: this.#show,
      announce: async (text) => {
        await this.#pause()
        this.#say(text)
      },
      expect: (title, fits, fields) => this.#expect(title, fits, { idSession, ...fields }),
      judge: (title, problems) => this.findings.push({ title, problems }),
    })
  }

  /** Stop, start again without a QR, logout, deletion. */
  async leave(): Promise<void> {
    const { api } = this.#stage
    this.#say('The session is stopped and started again: no new QR is needed.')
    await api.post(`${path}/stop`)
    await this.#expectUpdate('stopped', { reason: 'requested' })
    this.#forgetUpdates('started', 'connected')
    await api.post(`${path}/start`)
    await this.#expectUpdate('started')
    await this.#expectUpdate('connected')
    this.#say('It is logged out of WhatsApp and deleted.')
    await api.post(`${path}/logout`)
    await this.#expectUpdate('loggedOut')
    await api.delete(path)
    await this.#expectUpdate('destroyed')
  }

  /** What no webhook may have had, and no client may have said. */
  checkWhole(): void {
    const { receiver, whatsapp } = this.#stage
    const unsigned = receiver.webhooks.flatMap(({ signatureProblem }) => signatureProblem ?? [])
    this.findings.push({
      title: `the signatures of ${receiver.webhooks.length} webhooks`,
      problems: unsigned,
    })
    const sequences = receiver.events().map((event) => Number(event['sequence']))
    const missing = sequences.length - new Set(sequences).size
    this.findings.push({
      title: 'each event once',
      problems: missing === 0 ? [] : [`${missing} webhooks came more than once`],
    })
    this.findings.push({
      title: 'nothing that WhatsApp would not understand',
      problems: whatsapp.unknownStanzas.map((stanza) => JSON.stringify(stanza)),
    })
  }

  #pause(acts = 1): Promise<void> {
    return wait(this.#paceMs * acts)
  }

  readonly #usedUpdates = new Set<string>()

  /** Updates of these actions that came until now are not the ones that are expected next. */
  #forgetUpdates(...actions: string[]): void {
    for (const event of this.#stage.receiver.events('sessionUpdate')) {
      if (actions.includes(String(event['action']))) this.#usedUpdates.add(event.idEvent)
    }
  }

  #expectUpdate(action: string, fields: Record<string, unknown> = {}): Promise<AnyEvent | undefined> {
    const fits = (event: AnyEvent) =>
      event.messageType === 'sessionUpdate' &&
      event['action'] === action &&
      !this.#usedUpdates.has(event.idEvent)
    return this.#expect(`sessionUpdate ${action}`, fits, { idSession, ...fields })
  }

  async #expect(
    title: string,
    fits: (event: AnyEvent) => boolean,
    fields: Record<string, unknown>,
  ): Promise<AnyEvent | undefined> {
    try {
      const { event } = await this.#stage.receiver.waitFor(fits, title)
      this.findings.push({ title, problems: findContractProblems(event, fields) })
      return event
    } catch (error) {
      this.findings.push({ title, problems: [(error as Error).message] })
      return undefined
    }
  }

  async #expectFile(title: string, idFile: string, content: Uint8Array): Promise<void> {
    const file = await this.#stage.api.file(idFile)
    const isSame = file.status === 200 && file.bytes.equals(content)
    const problem = `GET /v1/files/${idFile} answered ${file.status} with ${file.bytes.byteLength} bytes`
    this.findings.push({ title, problems: isSame ? [] : [problem] })
  }
}
