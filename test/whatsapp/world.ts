import { randomBytes } from 'node:crypto'
import { Contact } from './contact.ts'
import { Counters } from './counters.ts'
import { Group, type GroupOptions } from './group.ts'
import type { MediaHost } from './media-host.ts'
import type { Person, PersonOptions } from './person.ts'
import { Phone } from './phone.ts'
import type { Registration } from './registration.ts'

/** Everybody and everything that the simulated WhatsApp knows. */
export class World {
  readonly mediaHost: MediaHost
  readonly phones = new Set<Phone>()
  readonly contacts = new Set<Contact>()
  readonly groups = new Map<string, Group>()
  readonly registrations = new Set<Registration>()
  /** Chats to which messages are refused, with the code that their acknowledgement carries. */
  readonly ackErrors = new Map<string, string>()
  /** Code with which requests for a pairing code are refused. */
  pairingCodeRefusal: string | undefined
  /** HTTP status with which clients are turned away before they can say anything. */
  upgradeRefusal: number | undefined
  /** Reason with which clients that want to be linked are turned away. */
  registrationFailure: string | undefined
  /** How often a client has tried to connect. */
  attempts = 0
  /** Ids of the messages that clients sent lately; a repeated one is acknowledged and not carried again. */
  readonly sent = new Set<string>()
  /** What clients encrypted their messages with. */
  readonly counters = new Counters()
  /** Messages that clients sent to nobody: encrypted for no device of the one they are addressed to. */
  readonly sentToNobody: string[] = []
  readonly #now: () => number
  readonly #byUser = new Map<string, Person>()
  #lids = 100_000_000_000_000
  #ids = 0

  constructor(mediaHost: MediaHost, now: () => number) {
    this.mediaHost = mediaHost
    this.#now = now
  }

  remember(id: string): void {
    this.sent.add(id)
    if (this.sent.size > 100_000) for (const old of [...this.sent].slice(0, 50_000)) this.sent.delete(old)
  }

  unixNow(): number {
    return Math.floor(this.#now() / 1000)
  }

  nextLid(): string {
    return `${++this.#lids}`
  }

  nextId(): string {
    return `${++this.#ids}.${randomBytes(4).toString('hex')}`
  }

  addPhone(options: PersonOptions & { number: string }): Phone {
    const phone = this.#add(new Phone(this, options))
    this.phones.add(phone)
    return phone
  }

  addContact(options: PersonOptions): Contact {
    const contact = this.#add(new Contact(this, options))
    this.contacts.add(contact)
    return contact
  }

  addGroup(options: GroupOptions): Group {
    const jid = `1203630${randomBytes(5).readUIntBE(0, 5).toString().padStart(13, '0').slice(0, 11)}@g.us`
    const group = new Group(jid, this.unixNow(), options)
    this.groups.set(jid, group)
    return group
  }

  /** Finds somebody by the user part of a number's or a LID's JID. */
  personOf(jid: string): Person | undefined {
    return this.#byUser.get(jid.split('@')[0]!.split(':')[0]!)
  }

  registrationOf(ref: string): Registration | undefined {
    return [...this.registrations].find(({ refs, connection }) => refs.includes(ref) && connection.isOpen)
  }

  /** The newest client that shows a pairing code for this number. */
  registrationFor(jid: string): Registration | undefined {
    return [...this.registrations].findLast(({ code, connection }) => code?.jid === jid && connection.isOpen)
  }

  #add<Somebody extends Person>(person: Somebody): Somebody {
    for (const user of [person.lid, person.number]) {
      if (!user) continue
      if (this.#byUser.has(user)) throw new Error(`somebody else has ${user} already`)
      this.#byUser.set(user, person)
    }
    return person
  }
}
