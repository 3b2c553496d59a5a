import type { ContactNews } from '../schema/link.ts'
import type { GroupMetadata } from './baileys.ts'
import { pairsOf } from './contact-news.ts'

const maxGroups = 500
const maxPhones = 100_000

/** Members of groups, so that not every message to a group asks for them; forgotten at every sign of a change. */
export class GroupCache {
  #groups = new Map<string, GroupMetadata>()
  #phones = new Map<string, string>()

  get(jid: string): GroupMetadata | undefined {
    return this.#groups.get(jid)
  }

  put(metadata: GroupMetadata): void {
    this.#groups.set(metadata.id, metadata)
    if (this.#phones.size > maxPhones) this.#phones.clear()
    for (const { id, phoneNumber } of metadata.participants) {
      if (phoneNumber !== undefined && phoneNumber !== id) this.#phones.set(id, phoneNumber)
    }
    const [oldest] = this.#groups.keys()
    if (this.#groups.size > maxGroups && oldest !== undefined) this.#groups.delete(oldest)
  }

  /** The number of a member who is known by LID. */
  phoneOf(lid: string): string | undefined {
    return this.#phones.get(lid)
  }

  /** Takes in who is who, told beside a notice of a group. */
  learn(contacts: readonly ContactNews[]): void {
    for (const { lid, pn } of pairsOf(contacts)) this.#phones.set(lid, pn)
  }

  /** How a group names a person who is given by number: WhatsApp's newer groups know their members by LID alone. */
  addressIn(chat: string, jid: string): string {
    const member = this.#groups.get(chat)?.participants.find(({ phoneNumber }) => phoneNumber === jid)
    return member?.id ?? jid
  }

  /** Reads Baileys' events. */
  take(name: string, data: unknown): void {
    if (name === 'groups.upsert') for (const metadata of data as GroupMetadata[]) this.put(metadata)
    if (name === 'groups.update')
      for (const { id } of data as { id?: string }[]) this.#groups.delete(id ?? '')
    if (name === 'group-participants.update') this.#groups.delete((data as { id: string }).id)
    if (name === 'connection.update' && (data as { connection?: string }).connection === 'close') {
      this.#groups.clear()
    }
  }
}
