import type { EventDraft } from '../../schema/event/event.ts'
import { addDraft, makeOwn, type Change } from './change.ts'

/**
 * Who there is, under both addresses: what the account's events and the connector's reports tell of people, merged. A row
 * is written only when something about somebody is new, and stands under the number as soon as that is known.
 *
 * A person of whom an event told the LID alone is remembered as told; when the number becomes known, `identityUpdate`
 * is logged in the same change, once for each LID. Beyond `maxContacts` nobody new is kept.
 */
export const maxContacts = 20_000

export interface Contact {
  /** What to write to: the number's JID when it is known, else the LID. */
  jid: string
  lid: string | null
  /** The person's own WhatsApp name. */
  name: string | null
  /** The name in the address book of the account's phone. */
  savedName: string | null
  /** 0: no event named the LID alone. 1: one did. 2: the number was told afterwards. */
  told: number
}

/** What became known about somebody. */
export interface Learnt {
  number?: string | undefined
  lid?: string | undefined
  name?: string | undefined
  savedName?: string | undefined
  /** An event names the person by the LID alone. */
  isTold?: boolean
}

const columns = 'jid, lid, name, saved_name AS savedName, told'
const statements = {
  count: 'SELECT count(*) AS count FROM contacts',
  find: `SELECT ${columns} FROM contacts WHERE jid = ?1 OR (lid = ?1 AND lid <> jid) LIMIT 1`,
  list: `SELECT ${columns} FROM contacts WHERE jid > ? ORDER BY jid LIMIT ?`,
  put: 'INSERT OR REPLACE INTO contacts (jid, lid, name, saved_name, told) VALUES (?, ?, ?, ?, ?)',
  remove: 'DELETE FROM contacts WHERE jid = ?',
  clear: 'DELETE FROM contacts',
} as const

/** What was heard lately need not be looked up again. */
const maxHeard = 5000

export class SessionContacts {
  readonly #sql: SqlStorage
  readonly #heard = new Set<string>()
  /** Counted when it is first needed: an object that wakes for one event must not read all. */
  #count: number | null = null

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  load(): void {
    this.#heard.clear()
    this.#count = null
  }

  find(jid: string): Contact | null {
    return (
      this.#sql.exec<Contact & Record<string, SqlStorageValue>>(statements.find, jid).toArray()[0] ?? null
    )
  }

  /** Contacts behind `after`, by address. */
  list(after: string, limit: number): Contact[] {
    return this.#sql.exec<Contact & Record<string, SqlStorageValue>>(statements.list, after, limit).toArray()
  }

  /** Another account may be linked next. */
  clear(): void {
    this.#sql.exec(statements.clear)
    this.load()
  }

  /** Takes in what is known of one person; `idSession` names the session in an event that follows from it. */
  learn(change: Change, idSession: string, learnt: Learnt): void {
    const { number, lid, name, savedName, isTold = false } = learnt
    if (number === undefined && lid === undefined) return
    const heard = `${number}|${lid}|${name}|${savedName}|${isTold}`
    if (this.#heard.has(heard)) return
    if (this.#heard.size >= maxHeard) this.#heard.clear()
    this.#heard.add(heard)
    const byLid = lid === undefined ? null : this.find(lid)
    const jid = number ?? byLid?.jid ?? lid!
    const byJid = byLid?.jid === jid ? byLid : this.find(jid)
    const told = Math.max(byJid?.told ?? 0, byLid?.told ?? 0, isTold ? 1 : 0)
    const known: Contact = {
      jid,
      lid: lid ?? byJid?.lid ?? null,
      name: name ?? byJid?.name ?? byLid?.name ?? null,
      savedName: savedName ?? byJid?.savedName ?? byLid?.savedName ?? null,
      told,
    }
    if (known.told === 1 && known.lid !== null && known.lid !== jid) {
      known.told = 2
      addDraft(change, makeOwn(idSession, 'identityUpdate', { lid: known.lid, senderNumber: jid }))
    }
    this.#write(known, byJid, byLid)
  }

  /** Nobody stands under this address any more. */
  forget(jid: string): void {
    this.#sql.exec(statements.remove, jid)
    this.#count = null
  }

  #write(known: Contact, byJid: Contact | null, byLid: Contact | null): void {
    if (byLid !== null && byLid.jid !== known.jid) {
      this.#sql.exec(statements.remove, byLid.jid)
      this.#count = null
      // The LID belongs to another number now, whose owner stays somebody.
      if (byLid.jid !== byLid.lid) this.#put({ ...byLid, lid: null, told: 0 })
    }
    const isSame = byJid !== null && JSON.stringify(byJid) === JSON.stringify(known)
    if (isSame) return
    if (byJid !== null || this.#hasRoom()) this.#put(known)
  }

  #put({ jid, lid, name, savedName, told }: Contact): void {
    this.#sql.exec(statements.put, jid, lid, name, savedName, told)
  }

  #hasRoom(): boolean {
    this.#count ??= this.#sql.exec<{ count: number }>(statements.count).one().count
    if (this.#count >= maxContacts) return false
    this.#count += 1
    return true
  }
}

const isLid = (jid: string) => jid.endsWith('@lid')
const isNumber = (jid: string) => jid.endsWith('@s.whatsapp.net')

interface Loose {
  senderNumber?: string
  participant?: string
  lid?: string
  senderName?: string
  isFromMe?: boolean
  participants?: string[]
  mentions?: string[]
  quoted?: { participant?: string }
  targetMessage?: { participant?: string }
}

/** What an event tells of people: who it is from, and whom it names by a LID alone. */
export function readPeople(draft: EventDraft): Learnt[] {
  const { senderNumber, participant, lid, senderName, isFromMe, ...others } = draft as Loose
  const people: Learnt[] = []
  const person = participant ?? senderNumber
  if (person !== undefined && (isNumber(person) || isLid(person))) {
    const isTold = isLid(person)
    people.push({
      ...(isTold ? { lid: person } : { number: person, lid }),
      name: isFromMe ? undefined : senderName || undefined,
      isTold,
    })
  }
  const { participants = [], mentions = [], quoted, targetMessage } = others
  for (const jid of [...participants, ...mentions, quoted?.participant, targetMessage?.participant]) {
    if (jid !== undefined && isLid(jid)) people.push({ lid: jid, isTold: true })
  }
  return people
}
