import type { BinaryNode } from 'baileys'
import { randomBytes } from 'node:crypto'
import { applyChange, changeNode, type GroupChange } from './group-change.ts'
import { node } from './node.ts'
import type { Person } from './person.ts'
import { Phone } from './phone.ts'

export interface GroupOptions {
  subject: string
  /** The first is the owner, and the only administrator unless `admins` says who else is. */
  members: Person[]
  admins?: Person[]
  addressing?: 'lid' | 'pn'
}

export class Group {
  readonly jid: string
  readonly members: Person[]
  readonly admins: Set<Person>
  readonly owner: Person | undefined
  readonly addressing: 'lid' | 'pn'
  readonly creation: number
  subject: string
  description = ''
  inviteCode = randomBytes(11).toString('hex')
  /** Only administrators may write. */
  isAnnouncement = false
  /** Only administrators may change subject and description. */
  isLocked = false
  ephemeralSeconds = 0

  constructor(jid: string, creation: number, options: GroupOptions) {
    const { subject, members, admins = [], addressing = 'lid' } = options
    this.jid = jid
    this.subject = subject
    this.members = members
    this.owner = members[0]
    this.admins = new Set([...members.slice(0, 1), ...admins])
    this.addressing = addressing
    this.creation = creation
  }

  phones(): Phone[] {
    return this.members.filter((member): member is Phone => member instanceof Phone)
  }

  /** How a member is named on the wire. */
  jidOf(person: Person): string {
    return (this.addressing === 'pn' && person.pnJid) || person.lidJid
  }

  /** Somebody changes the group; every linked client of a member is told, also those of who was removed. */
  change(by: Person, change: GroupChange): void {
    const told = new Set(this.phones())
    applyChange(this, change)
    this.#tell(by, changeNode(this, by, change), new Set([...told, ...this.phones()]))
  }

  /** Tells the members' clients that the group is new. */
  announceCreation(by: Person): void {
    this.#tell(by, node('create', {}, [this.describe()]), new Set(this.phones()))
  }

  #tell(by: Person, content: BinaryNode, phones: Set<Phone>): void {
    const byNumber = this.jidOf(by) !== by.lidJid
    for (const phone of phones) {
      const id = by.world.nextId()
      const attributes = {
        id,
        type: 'w:gp2',
        from: this.jid,
        participant: this.jidOf(by),
        [byNumber ? 'participant_lid' : 'participant_pn']: byNumber ? by.lidJid : by.knownJid,
        addressing_mode: this.addressing,
        notify: by.name,
        t: `${by.world.unixNow()}`,
      }
      phone.deliverToAll(node('notification', attributes, [content]), `notification-${id}`)
    }
  }

  participant(person: Person): BinaryNode {
    return node('participant', {
      jid: this.jidOf(person),
      phone_number: this.addressing === 'lid' ? person.knownJid : undefined,
      lid: this.addressing === 'pn' ? person.lidJid : undefined,
      type: this.admins.has(person) ? (person === this.owner ? 'superadmin' : 'admin') : undefined,
    })
  }

  /** The `<group>` that answers queries. */
  describe(): BinaryNode {
    const { owner } = this
    return node(
      'group',
      {
        id: this.jid.split('@')[0],
        subject: this.subject,
        s_t: `${this.creation}`,
        creation: `${this.creation}`,
        creator: owner && this.jidOf(owner),
        creator_pn: owner && this.addressing === 'lid' ? owner.knownJid : undefined,
        addressing_mode: this.addressing,
        size: `${this.members.length}`,
      },
      [
        ...(this.description
          ? [node('description', { id: 'd1' }, [node('body', {}, Buffer.from(this.description))])]
          : []),
        ...(this.isAnnouncement ? [node('announcement')] : []),
        ...(this.isLocked ? [node('locked')] : []),
        ...(this.ephemeralSeconds ? [node('ephemeral', { expiration: `${this.ephemeralSeconds}` })] : []),
        ...this.members.map((member) => this.participant(member)),
      ],
    )
  }
}
