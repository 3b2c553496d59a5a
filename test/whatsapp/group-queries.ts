import type { BinaryNode } from 'baileys'
import type { Group } from './group.ts'
import type { GroupChange } from './group-change.ts'
import { bytesOf, child, children, node } from './node.ts'
import type { Person } from './person.ts'
import type { Answer, Asker } from './queries.ts'

type GroupQuery = (iq: BinaryNode, asker: Asker) => Answer

const missing = { error: '404', text: 'item-not-found' }
const forbidden = { error: '403', text: 'forbidden' }

function onGroup(act: (group: Group, iq: BinaryNode, asker: Asker) => Answer): GroupQuery {
  return (iq, asker) => {
    const group = asker.world.groups.get(iq.attrs['to'] ?? '')
    return group?.members.includes(asker.phone) ? act(group, iq, asker) : missing
  }
}

function peopleIn(element: BinaryNode | undefined, { world }: Asker): Person[] {
  const found = children(element, 'participant').map(({ attrs }) => world.personOf(attrs['jid']!))
  return found.filter((person): person is Person => person !== undefined)
}

/** An administrator adds, removes, promotes or demotes. */
function changeMembers(action: 'add' | 'remove' | 'promote' | 'demote'): GroupQuery {
  return onGroup((group, iq, asker) => {
    if (!group.admins.has(asker.phone)) return forbidden
    const asked = children(child(iq, action), 'participant').map(({ attrs }) => attrs['jid']!)
    const refuses = (person: Person | undefined) => action === 'add' && person?.refusesGroups === true
    const people = peopleIn(child(iq, action), asker).filter((person) => !refuses(person))
    if (people.length > 0) group.change(asker.phone, { [action]: people } as unknown as GroupChange)
    const answers = asked.map((jid) => {
      const person = asker.world.personOf(jid)
      return node('participant', { jid, error: person ? (refuses(person) ? '403' : undefined) : '404' })
    })
    return [node(action, {}, answers)]
  })
}

/** A setting that members may change, or only administrators once the group is locked (always, with `adminsOnly`). */
function change(read: (iq: BinaryNode) => GroupChange, adminsOnly = false): GroupQuery {
  return onGroup((group, iq, { phone }) => {
    if ((adminsOnly || group.isLocked) && !group.admins.has(phone)) return forbidden
    group.change(phone, read(iq))
    return []
  })
}

function groupByCode(iq: BinaryNode, { world }: Asker): Group | undefined {
  const code = child(iq, 'invite')?.attrs['code']
  return [...world.groups.values()].find(({ inviteCode }) => inviteCode === code)
}

/** What a client asks about groups and does to them, by `xmlns:type:first child`. */
export const groupQueries: Record<string, GroupQuery> = {
  'w:g2:get:query': onGroup((group) => [group.describe()]),
  'w:g2:get:participating': (_, { world, phone }) => {
    const groups = [...world.groups.values()].filter(({ members }) => members.includes(phone))
    return [
      node(
        'groups',
        {},
        groups.map((group) => group.describe()),
      ),
    ]
  },
  'w:g2:set:create': (iq, asker) => {
    const create = child(iq, 'create')
    const members = [...new Set<Person>([asker.phone, ...peopleIn(create, asker)])]
    const group = asker.world.addGroup({ subject: create?.attrs['subject'] ?? '', members })
    group.announceCreation(asker.phone)
    return [group.describe()]
  },
  'w:g2:set:subject': change((iq) => ({ subject: bytesOf(child(iq, 'subject')).toString() })),
  'w:g2:set:description': change((iq) => ({
    description: bytesOf(child(child(iq, 'description'), 'body')).toString(),
  })),
  'w:g2:set:leave': (iq, { world, phone }) => {
    for (const { attrs } of children(child(iq, 'leave'), 'group'))
      world.groups.get(attrs['id']!)?.change(phone, { remove: [phone] })
    return [node('leave')]
  },
  'w:g2:set:add': changeMembers('add'),
  'w:g2:set:remove': changeMembers('remove'),
  'w:g2:set:promote': changeMembers('promote'),
  'w:g2:set:demote': changeMembers('demote'),
  'w:g2:get:invite': (iq, asker) => {
    const group = groupByCode(iq, asker) ?? asker.world.groups.get(iq.attrs['to'] ?? '')
    if (!group) return missing
    return child(iq, 'invite')?.attrs['code']
      ? [group.describe()]
      : [node('invite', { code: group.inviteCode })]
  },
  'w:g2:set:invite': (iq, asker) => {
    const joined = groupByCode(iq, asker)
    joined?.change(asker.phone, { add: [asker.phone] })
    if (joined) return [node('group', { jid: joined.jid })]
    const group = asker.world.groups.get(iq.attrs['to'] ?? '')
    if (!group) return missing
    if (!group.admins.has(asker.phone)) return forbidden
    group.change(asker.phone, { newInviteCode: true })
    return [node('invite', { code: group.inviteCode })]
  },
  'w:g2:set:announcement': change(() => ({ announcement: true }), true),
  'w:g2:set:not_announcement': change(() => ({ announcement: false }), true),
  'w:g2:set:locked': change(() => ({ locked: true }), true),
  'w:g2:set:unlocked': change(() => ({ locked: false }), true),
  'w:g2:set:ephemeral': change((iq) => ({
    ephemeralSeconds: Number(child(iq, 'ephemeral')?.attrs['expiration']),
  })),
  'w:g2:set:not_ephemeral': change(() => ({ ephemeralSeconds: 0 })),
}
