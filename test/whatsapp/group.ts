import type { BinaryNode } from 'baileys'
import { node } from './node.ts'
import type { Person } from './person.ts'
import { Phone } from './phone.ts'

export interface GroupOptions {
  subject: string
  members: Person[]
  addressing?: 'lid' | 'pn'
}

export class Group {
  readonly jid: string
  readonly members: Person[]
  readonly addressing: 'lid' | 'pn'
  readonly creation: number
  subject: string
  description = ''

  constructor(jid: string, creation: number, { subject, members, addressing = 'lid' }: GroupOptions) {
    this.jid = jid
    this.subject = subject
    this.members = members
    this.addressing = addressing
    this.creation = creation
  }

  phones(): Phone[] {
    return this.members.filter((member): member is Phone => member instanceof Phone)
  }

  /** The `<group>` that answers queries. */
  describe(): BinaryNode {
    const owner = this.members[0]
    const jidOf = (person: Person) => (this.addressing === 'pn' && person.pnJid) || person.lidJid
    return node(
      'group',
      {
        id: this.jid.split('@')[0],
        subject: this.subject,
        s_t: `${this.creation}`,
        creation: `${this.creation}`,
        creator: owner && jidOf(owner),
        addressing_mode: this.addressing,
        size: `${this.members.length}`,
      },
      [
        ...(this.description
          ? [node('description', { id: 'd1' }, [node('body', {}, Buffer.from(this.description))])]
          : []),
        ...this.members.map((member) =>
          node('participant', {
            jid: jidOf(member),
            phone_number: this.addressing === 'lid' ? member.knownJid : undefined,
            lid: this.addressing === 'pn' ? member.lidJid : undefined,
            type: member === owner ? 'superadmin' : undefined,
          }),
        ),
      ],
    )
  }
}
