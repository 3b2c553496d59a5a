import { maxContactNews, type ContactNews, type SessionReport } from '../schema/link.ts'
import type { BinaryNode } from './baileys.ts'
import { isLid, isPhone, toJid } from './normalize/address.ts'
import { toLabel, withoutAbsent } from './normalize/value.ts'

/** The two addresses of one person. */
export interface AddressPair {
  lid: string
  pn: string
}

interface WireContact {
  id?: string
  name?: string
  notify?: string
  lid?: string
  phoneNumber?: string
}

/** What Baileys' events tell of people besides messages: the address book, members of groups, history. */
export function readContacts(name: string, data: unknown): ContactNews[] {
  switch (name) {
    case 'contacts.upsert':
      return readAll(data as WireContact[])
    case 'messaging-history.set':
      return readAll((data as { contacts?: WireContact[] }).contacts ?? [])
    case 'groups.upsert':
    case 'groups.update':
      return (data as { participants?: WireContact[] }[]).flatMap((group) =>
        readAll((group.participants ?? []).map(withoutName)),
      )
    case 'group-participants.update':
      return readAll((data as { participants: WireContact[] }).participants.map(withoutName))
    default:
      return []
  }
}

/** What a member is called in a group's list is nobody's saved name. */
const withoutName = ({ id, lid, phoneNumber }: WireContact): WireContact =>
  withoutAbsent({ id, lid, phoneNumber })

function readAll(contacts: readonly WireContact[]): ContactNews[] {
  return contacts.flatMap(({ id, lid, phoneNumber, name, notify }) => {
    const addresses = [id, lid, phoneNumber].map(toJid)
    const found = withoutAbsent({ number: addresses.find(isPhone), lid: addresses.find(isLid) })
    if (Object.keys(found).length === 0) return []
    return [{ ...found, ...withoutAbsent({ savedName: toLabel(name), name: toLabel(notify) }) }]
  })
}

/** Who changes a group, by both addresses: Baileys leaves the second out of the notices that it makes of such a stanza. */
export function readNotice({ tag, attrs }: BinaryNode): ContactNews[] {
  if (tag !== 'notification' || attrs['type'] !== 'w:gp2') return []
  const { participant: id, participant_pn: phoneNumber, participant_lid: lid } = attrs
  return readAll([withoutAbsent({ id, lid, phoneNumber })])
}

/** Those of whom both addresses are told. */
export function pairsOf(contacts: readonly ContactNews[]): AddressPair[] {
  return contacts.flatMap(({ lid, number }) =>
    lid === undefined || number === undefined ? [] : [{ lid, pn: number }],
  )
}

/** The reports that tell the Session; none when there is nothing to tell. */
export function makeContactReports(contacts: readonly ContactNews[]): SessionReport[] {
  const reports: SessionReport[] = []
  for (let start = 0; start < contacts.length; start += maxContactNews) {
    reports.push({ report: 'contacts', contacts: contacts.slice(start, start + maxContactNews) })
  }
  return reports
}

/** The LIDs whose numbers a change of Baileys' mapping makes known; `keys` as they are stored. */
export function readMapping(
  keys: readonly { type: string; id: string; value: Buffer | null }[],
): ContactNews[] {
  return keys.flatMap(({ type, id, value }) => {
    if (type !== 'lid-mapping' || !id.endsWith('_reverse') || value === null) return []
    const phone = JSON.parse(value.toString()) as string
    return [{ lid: `${id.slice(0, -'_reverse'.length)}@lid`, number: `${phone}@s.whatsapp.net` }]
  })
}
