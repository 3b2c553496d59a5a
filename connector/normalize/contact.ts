import type { proto } from '../baileys.ts'
import { makeMessage, makeUnsupported, type OwnFields, type Subject } from './subject.ts'
import type { NormalizedMessage } from './wire-message.ts'
import { maxLabelLength, toList, toText } from './value.ts'
import { readName, readNumbers, withoutBinary } from './vcard.ts'

/** WhatsApp lets 257 contacts be sent at once. */
const maxContacts = 512
/** Above this a card is told without its pictures; one that is still larger is not parsed. */
const maxCardLength = 64 * 1024
const maxParsedLength = 8 * 1024 * 1024

type Card = OwnFields<'contactMessage'>['contacts'][number]

function readCard({ displayName, vcard }: proto.Message.IContactMessage): Card | undefined {
  const whole = toText(vcard)
  if (whole.length > maxParsedLength) return undefined
  const text = whole.length > maxCardLength ? withoutBinary(whole) : whole
  if (text.length > maxCardLength) return undefined
  return {
    displayName: toText(displayName, maxLabelLength) || toText(readName(text), maxLabelLength),
    vcard: text,
    numbers: readNumbers(text),
  }
}

export function readContact(contact: proto.Message.IContactMessage, subject: Subject): NormalizedMessage {
  const card = readCard(contact)
  if (card === undefined) return makeUnsupported(subject, 'contactMessage', 'tooLarge')
  return makeMessage(subject, 'contactMessage', contact.contextInfo, { contacts: [card] })
}

export function readContacts(
  array: proto.Message.IContactsArrayMessage,
  subject: Subject,
): NormalizedMessage {
  const cards = toList(array.contacts, maxContacts).map((contact) => readCard(contact ?? {}))
  const contacts = cards.filter((card) => card !== undefined)
  if (contacts.length < cards.length) return makeUnsupported(subject, 'contactsArrayMessage', 'tooLarge')
  const length = contacts.reduce((sum, { vcard }) => sum + vcard.length, 0)
  const light =
    length > maxCardLength
      ? contacts.map((card) => ({ ...card, vcard: withoutBinary(card.vcard) }))
      : contacts
  return makeMessage(subject, 'contactMessage', array.contextInfo, { contacts: light })
}
