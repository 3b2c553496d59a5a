import type { Contact as ContactView } from '../../schema/api/contact.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import type { Contact } from './contacts.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'

export type ContactsPage = Result<{ contacts: ContactView[]; cursor: string | null }, 'sessionNotFound'>
export type FoundContact = Result<{ contact: ContactView }, 'sessionNotFound' | 'contactNotFound'>

interface ContactReaderParts {
  store: SessionStore
  living: () => SessionRecord | Failure<'sessionNotFound'>
}

/** The account's contacts as tenants read them. */
export class ContactReader {
  readonly #parts: ContactReaderParts

  constructor(parts: ContactReaderParts) {
    this.#parts = parts
  }

  list({ limit, cursor = '' }: { limit: number; cursor?: string | undefined }): ContactsPage {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const found = this.#parts.store.contacts.list(cursor, limit + 1)
    const contacts = found.slice(0, limit)
    return succeed({
      contacts: contacts.map(show),
      cursor: found.length > limit ? (contacts.at(-1)?.jid ?? null) : null,
    })
  }

  get(jid: string): FoundContact {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const contact = this.#parts.store.contacts.find(jid)
    if (contact === null) {
      const advice = 'Ask WhatsApp with POST …/contacts/check whether the number is on it.'
      return fail('contactNotFound', `The session knows nobody by ${jid}. ${advice}`)
    }
    return succeed({ contact: show(contact) })
  }
}

function show({ jid, lid, name, savedName }: Contact): ContactView {
  return { jid, number: jid === lid ? null : jid, lid, name, savedName }
}
