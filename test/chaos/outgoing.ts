import { randomUUID } from 'node:crypto'
import type { Stage } from '../support/stage.ts'
import type { Actor } from './actors.ts'

interface Order {
  idMessage: string
  value: string
  contact: Actor['contacts'][number]
  idSession: string
}

/** How long the API may refuse a message while things break. */
const patienceMs = 90_000
const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** A tenant's system that sends through the API, repeats with the same Idempotency-Key, and expects each message once. */
export class Outgoing {
  readonly #stage: Stage
  readonly #orders: Order[] = []

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get count(): number {
    return this.#orders.length
  }

  /** Sends to the contacts of an actor in turn, one after another, until told to stop. */
  async send(actor: Actor, until: number, everyMs: number): Promise<void> {
    for (let count = 0; Date.now() < until; count++) {
      const contact = actor.contacts[count % actor.contacts.length]!
      const value = `Answer ${count}`
      const idMessage = await this.#order(actor.idSession, contact.number!, value)
      this.#orders.push({ idMessage, value, contact, idSession: actor.idSession })
      await pause(everyMs)
    }
  }

  /** What did not arrive once and in order. */
  async judge(): Promise<string[]> {
    const wrong: string[] = []
    const last = new Map<Order['contact'], number>()
    for (const order of this.#orders) {
      const { idMessage, value, contact } = order
      const found = await contact.waitForMessage(({ id }) => id === idMessage, 30_000).catch(() => undefined)
      const positions = contact.received.flatMap(({ id }, index) => (id === idMessage ? [index] : []))
      if (!found) wrong.push(`${value} to ${contact.name} did not arrive${await this.#explain(order)}`)
      if (positions.length > 1) wrong.push(`${value} to ${contact.name} arrived ${positions.length} times`)
      const position = positions[0] ?? -1
      if (position >= 0 && position < (last.get(contact) ?? -1))
        wrong.push(`${value} to ${contact.name} came too late`)
      if (position >= 0) last.set(contact, position)
    }
    return wrong
  }

  async #explain({ idMessage, contact, idSession }: Order): Promise<string> {
    if (this.#stage.whatsapp.world.sentToNobody.includes(idMessage))
      return ': it was encrypted for no device of theirs'
    const unread = contact.undecryptable.find(({ id }) => id === idMessage)
    if (unread) return `: their phone could not read it (${unread.error})`
    const path = `/v1/sessions/${idSession}/messages/${idMessage}`
    const { status } = await this.#stage.api.get<{ status: string }>(path)
    const { world } = this.#stage.whatsapp
    return `: the API says ${status}, WhatsApp ${world.sent.has(idMessage) ? 'has' : 'never had'} it`
  }

  async #order(idSession: string, number: string, value: string): Promise<string> {
    const body = { to: `${number}@s.whatsapp.net`, messageType: 'conversation', value }
    const headers = { 'idempotency-key': randomUUID() }
    for (const deadline = Date.now() + patienceMs; ;) {
      const answer = await this.#stage.api
        .request('POST', `/v1/sessions/${idSession}/messages?wait=0`, body, headers)
        .catch(() => undefined)
      if (answer && answer.status < 300) return (answer.body as { idMessage: string }).idMessage
      if (Date.now() > deadline)
        throw new Error(
          `${idSession} takes no message: ${answer ? JSON.stringify(answer.body) : 'no answer'}`,
        )
      await pause(200)
    }
  }
}
