import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { Contact } from './contact.ts'
import type { Content } from './content.ts'
import type { GroupChange } from './group-change.ts'
import { Phone } from './phone.ts'
import type { WhatsApp } from './whatsapp.ts'

const Base64 = z.base64().transform((text) => Buffer.from(text, 'base64'))
const Bytes = z.union([z.literal(true), Base64])
const Card = z.strictObject({ name: z.string(), number: z.string().optional(), vcard: z.string().optional() })

/** Content as JSON: files are base64, or `true` for a small sample. */
const SendBody = z.strictObject({
  from: z.string(),
  to: z.string(),
  content: z.looseObject({
    image: Bytes.optional(),
    video: Bytes.optional(),
    audio: Bytes.optional(),
    sticker: Bytes.optional(),
    document: Bytes.optional(),
    contact: Card.optional(),
    contacts: z.array(Card).optional(),
    plaintext: Base64.optional(),
  }),
  wrap: z.array(z.enum(['ephemeral', 'viewOnce', 'viewOnceV2', 'viewOnceV2Extension', 'edited'])).optional(),
  addressing: z.enum(['pn', 'lid']).optional(),
  withoutAlternate: z.boolean().optional(),
})

const PersonBody = z.strictObject({
  number: z
    .string()
    .regex(/^\d{5,15}$/)
    .optional(),
  name: z.string().min(1),
  lid: z
    .string()
    .regex(/^\d{5,20}$/)
    .optional(),
  hidesNumber: z.boolean().optional(),
})
const PhoneBody = PersonBody.extend({ number: z.string().regex(/^\d{5,15}$/) })
const ChangeBody = z.strictObject({
  by: z.string(),
  change: z.union([
    z.strictObject({ subject: z.string() }),
    z.strictObject({ description: z.string() }),
    z.strictObject({ announcement: z.boolean() }),
    z.strictObject({ locked: z.boolean() }),
    z.strictObject({ ephemeralSeconds: z.int().nonnegative() }),
    z.partialRecord(z.enum(['add', 'remove', 'promote', 'demote']), z.array(z.string()).min(1)),
  ]),
})
const ReceiptBody = z.strictObject({
  to: z.string(),
  id: z.string(),
  type: z.enum(['read', 'played']).optional(),
  group: z.string().optional(),
})
const GroupBody = z.strictObject({
  subject: z.string(),
  members: z.array(z.string()).min(1),
  addressing: z.enum(['pn', 'lid']).optional(),
})

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

type Handler = (parts: string[], body: unknown) => unknown

/** The simulator's own API for people and scripts: JSON over HTTP on the loopback interface. README.md shows each call. */
export class Control {
  readonly #whatsapp: WhatsApp
  readonly #server: Server
  readonly #routes: Record<string, Handler>

  constructor(whatsapp: WhatsApp) {
    this.#whatsapp = whatsapp
    this.#routes = this.#table()
    this.#server = createServer((request, response) => void this.#handle(request, response))
  }

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #table(): Record<string, Handler> {
    const { world } = this.#whatsapp
    return {
      'GET /': () => ({
        url: this.#whatsapp.url,
        phones: [...world.phones].map(describePhone),
        contacts: [...world.contacts].map(({ name, number, lid }) => ({ name, number, lid })),
        groups: [...world.groups.values()].map(({ jid, subject }) => ({ jid, subject })),
      }),
      'POST /phones': (_, body) => describePhone(this.#whatsapp.createPhone(PhoneBody.parse(body) as never)),
      'GET /phones/*': ([number]) => describePhone(this.#phone(number!)),
      'POST /phones/*/scan': async ([number], body) => {
        await this.#phone(number!).scan(z.object({ qr: z.string() }).parse(body).qr)
        return describePhone(this.#phone(number!))
      },
      'POST /phones/*/pairing-code': async ([number], body) => {
        await this.#phone(number!).enterPairingCode(z.object({ code: z.string() }).parse(body).code)
        return describePhone(this.#phone(number!))
      },
      'POST /phones/*/drop': ([number]) => (this.#phone(number!).dropConnection(), {}),
      'POST /phones/*/unlink': ([number]) => (this.#phone(number!).unlink(), {}),
      'GET /phones/*/receipts': ([number]) => this.#phone(number!).receipts.slice(-1000),
      'POST /contacts': (_, body) => {
        const { name, number, lid } = this.#whatsapp.createContact(PersonBody.parse(body) as never)
        return { name, number, lid }
      },
      'GET /contacts/*/received': ([user]) => this.#contact(user!).received.slice(-1000),
      'POST /groups': (_, body) => {
        const { members, ...rest } = GroupBody.parse(body)
        const group = { ...rest, members: members.map((user) => this.#person(user)) }
        return { jid: this.#whatsapp.createGroup(group as never).jid }
      },
      'POST /groups/*/change': ([jid], body) => {
        const { by, change } = ChangeBody.parse(body)
        const group = world.groups.get(jid!)
        if (!group) throw new Refusal(404, `there is no group ${jid}`)
        const entries = Object.entries(change).map(([name, value]: [string, unknown]) => [
          name,
          Array.isArray(value) ? value.map((user: string) => this.#person(user)) : value,
        ])
        group.change(this.#person(by), Object.fromEntries(entries) as GroupChange)
        return { subject: group.subject, members: group.members.map(({ name }) => name) }
      },
      'POST /contacts/*/receipt': ([user], body) => {
        const { to, id, type, group } = ReceiptBody.parse(body)
        this.#contact(user!).sendReceipt(this.#phone(to), id, type, group)
        return {}
      },
      'POST /send': async (_, body) => {
        const { from, to, content, ...options } = SendBody.parse(body)
        const sender = this.#person(from)
        const what = content as unknown as Content
        const { id, timestamp } =
          sender instanceof Phone
            ? await sender.sendFromPhone(world.groups.get(to) ?? this.#person(to), what)
            : await sender.send(world.groups.get(to) ?? this.#phone(to), what, options as never)
        return { id, timestamp }
      },
      'GET /unknown-stanzas': () => this.#whatsapp.unknownStanzas,
    }
  }

  #person(user: string): Phone | Contact {
    const person = this.#whatsapp.world.personOf(user)
    if (person instanceof Phone || person instanceof Contact) return person
    throw new Refusal(404, `nobody has the number or LID ${user}: create a phone or a contact first`)
  }

  #phone(number: string): Phone {
    const person = this.#person(number)
    if (person instanceof Phone) return person
    throw new Refusal(404, `${number} is a contact: only phones have linked clients`)
  }

  #contact(user: string): Contact {
    const person = this.#person(user)
    if (person instanceof Contact) return person
    throw new Refusal(404, `${user} is the phone of an account, not a contact`)
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(value, null, 2)}\n`)
    }
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://control')
      const segments = pathname.split('/').filter(Boolean).map(decodeURIComponent)
      const pattern = segments.map((segment, index) => (index === 1 ? '*' : segment)).join('/')
      const handler = this.#routes[`${request.method} /${pattern}`]
      if (!handler) throw new Refusal(404, `there is no ${request.method} ${pathname}`)
      const body = request.method === 'POST' ? await readJson(request) : undefined
      answer(200, await handler(segments.slice(1), body))
    } catch (error) {
      const status = error instanceof Refusal ? error.status : error instanceof z.ZodError ? 422 : 400
      answer(status, {
        error: error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message,
      })
    }
  }
}

function describePhone(phone: Phone) {
  const { name, number, lid, isConnected, pending } = phone
  return { name, number, lid, isConnected, linkedClients: phone.companions.size, pending: pending.length }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return text ? JSON.parse(text) : {}
}
