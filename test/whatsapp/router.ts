import type { BinaryNode } from 'baileys'
import type { Companion } from './companion.ts'
import { Contact } from './contact.ts'
import { bytesOf, child, children, node, numberBytes } from './node.ts'
import type { Person } from './person.ts'
import { Phone } from './phone.ts'
import type { Asker } from './queries.ts'
import type { Ciphertext } from './signal-device.ts'

function ciphertextOf(parent: BinaryNode | undefined): Ciphertext | undefined {
  const enc = child(parent, 'enc')
  return enc && { type: enc.attrs['type'] as Ciphertext['type'], bytes: bytesOf(enc) }
}

/** Carries a message that a client sends to every device it is encrypted for, after acknowledging it. */
export async function routeMessage(stanza: BinaryNode, asker: Asker): Promise<void> {
  const { world, phone, companion } = asker
  const { id, to } = stanza.attrs as { id: string; to: string }
  world.counters.take(stanza, phone.deviceJid(companion))
  companion.connection?.send(
    node('ack', { class: 'message', id, from: to, t: `${world.unixNow()}`, error: world.ackErrors.get(to) }),
  )
  if (world.ackErrors.has(to)) return
  const isRepeated = world.sent.has(id)
  world.remember(id)
  const group = world.groups.get(to)
  const only = stanza.attrs['participant'] ?? (group ? undefined : to)
  const shared = group && !stanza.attrs['participant'] ? ciphertextOf(stanza) : undefined
  const targets = children(child(stanza, 'participants'), 'to')
  const direct = only && targets.length === 0 ? [node('to', { jid: only }, children(stanza, 'enc'))] : targets
  const own = new Map(direct.map((target) => [target.attrs['jid']!, ciphertextOf(target)]))
  const people = group
    ? group.members
    : [...new Set(direct.map(({ attrs }) => world.personOf(attrs['jid']!)))]
  const addressee = world.personOf(to)
  if (!group && addressee && !people.includes(addressee)) world.sentToNobody.push(id)
  for (const person of people) {
    if (!person) continue
    for (const device of devicesOf(person, companion)) {
      const jid = [...own.keys()].find(
        (key) => world.personOf(key) === person && deviceNumber(key) === device,
      )
      const parts = { direct: jid === undefined ? undefined : own.get(jid), shared }
      if (!parts.direct && !parts.shared) continue
      if (isRepeated && !misses(person, device, id)) continue
      if (device === 0) await readOnPhone(person, { id, to, ...parts }, phone, companion, group?.jid)
      else forward(person as Phone, device, { id, to, ...parts }, asker)
    }
  }
}

/** Whether a device has asked for a message again; a phone that has it already would show it only once. */
function misses(person: Person, device: number, id: string): boolean {
  const { missing } = device === 0 ? person : ((person as Phone).companions.get(device) ?? person)
  return missing.delete(id)
}

interface Parts {
  id: string
  to: string
  direct: Ciphertext | undefined
  shared: Ciphertext | undefined
}

function deviceNumber(jid: string): number {
  return Number(jid.split('@')[0]!.split(':')[1] ?? 0)
}

function devicesOf(person: Person, sender: Companion): number[] {
  const companions = person instanceof Phone ? [...person.companions.values()] : []
  return [0, ...companions.filter((companion) => companion !== sender).map(({ device }) => device)]
}

/** Decrypts on a phone, as its owner would read it, and confirms the delivery. */
async function readOnPhone(person: Person, parts: Parts, from: Phone, companion: Companion, group?: string) {
  const author = from.deviceJid(companion)
  try {
    let message = parts.direct && (await person.device.decrypt(author, parts.direct))
    if (group && message) await person.device.readSenderKey(group, author, message)
    if (group && parts.shared) message = await person.device.decryptGroup(group, author, parts.shared.bytes)
    if (!message) return
    if (person instanceof Contact) {
      person.take({ id: parts.id, from: from.lidJid, ...(group && { group }), message })
      if (person.confirmsDelivery) person.sendReceipt(from, parts.id, undefined, group)
    } else if (person === from) await from.takeOwn({ id: parts.id, message }, companion)
  } catch (error) {
    if (!(person instanceof Contact)) return
    person.takeUndecryptable({ id: parts.id, from: author, error: String(error) })
    askAgain(person, parts.id, companion, group)
  }
}

/** A phone that cannot read a message asks its sender for it again. */
function askAgain(person: Contact, id: string, companion: Companion, group?: string): void {
  const t = `${person.world.unixNow()}`
  const { registrationId } = person.device.creds
  if (person.missing.size > 10_000) person.missing.clear()
  person.missing.add(id)
  companion.deliver(
    node(
      'receipt',
      { id, type: 'retry', from: group ?? person.lidJid, participant: group && person.lidJid, t },
      [
        node('retry', { v: '1', count: '1', id, t }),
        node('registration', {}, numberBytes(registrationId, 4)),
      ],
    ),
    {},
    `receipt-${id}-retry-${person.lid}`,
  )
}

/** Hands a message to a client of another account (or another client of the same one). */
function forward(person: Phone, device: number, parts: Parts, { world, phone, companion }: Asker): void {
  const target = person.companions.get(device)
  if (!target) return
  const group = world.groups.get(parts.to)
  const author = phone.deviceJid(companion)
  const enc = (part: Ciphertext | undefined) =>
    part ? [node('enc', { v: '2', type: part.type }, part.bytes)] : []
  const attributes = group
    ? { from: group.jid, participant: author, participant_pn: phone.knownJid }
    : person === phone
      ? { from: author, recipient: parts.to, peer_recipient_pn: world.personOf(parts.to)?.knownJid }
      : { from: author, sender_pn: phone.knownJid }
  target.deliver(
    node(
      'message',
      {
        id: parts.id,
        t: `${world.unixNow()}`,
        type: 'text',
        notify: phone.name,
        addressing_mode: 'lid',
        ...attributes,
      },
      [...enc(parts.direct), ...enc(parts.shared)],
    ),
    {
      askAuthor: ({ content }) => {
        const jid = person.deviceJid(target)
        const asks = { id: parts.id, type: 'retry', t: `${world.unixNow()}` }
        const from = group ? { from: group.jid, participant: jid } : { from: jid }
        const recipient = person === phone && !group ? { recipient: parts.to } : {}
        const receipt = node('receipt', { ...asks, ...from, ...recipient }, content)
        companion.deliver(receipt, {}, `receipt-${parts.id}-retry-${jid}`)
      },
    },
  )
}

/** Tells the client that wrote a message that another account's client has it, or that its owner has read it. */
export function passReceiptOn(id: string, receipt: BinaryNode, { world, phone }: Asker): void {
  const { to = '', participant, type } = receipt.attrs
  const author = world.personOf(participant ?? to)
  if (!world.sent.has(id) || !(author instanceof Phone) || author === phone) return
  const group = world.groups.get(to)
  const attributes = {
    id,
    from: group?.jid ?? phone.lidJid,
    participant: group && phone.lidJid,
    t: `${world.unixNow()}`,
    type: type === 'read' || type === 'played' ? type : undefined,
  }
  author.deliverToAll(node('receipt', attributes), `receipt-${id}-${type ?? 'delivery'}-${phone.lid}`)
}
