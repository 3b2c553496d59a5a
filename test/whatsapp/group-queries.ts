import type { BinaryNode } from 'baileys'
import type { Group } from './group.ts'
import { bytesOf, child, children, node } from './node.ts'
import type { Person } from './person.ts'
import type { Answer, Asker } from './queries.ts'

type GroupQuery = (iq: BinaryNode, asker: Asker) => Answer

const missing = { error: '404', text: 'item-not-found' }

function onGroup(act: (group: Group, iq: BinaryNode, asker: Asker) => Answer): GroupQuery {
  return (iq, asker) => {
    const group = asker.world.groups.get(iq.attrs['to'] ?? '')
    return group?.members.includes(asker.phone) ? act(group, iq, asker) : missing
  }
}

function changeMembers(action: 'add' | 'remove' | 'promote' | 'demote'): GroupQuery {
  return onGroup((group, iq, { world }) => {
    const jids = children(child(iq, action), 'participant').map(({ attrs }) => attrs['jid']!)
    for (const jid of jids) {
      const person = world.personOf(jid)
      if (!person) continue
      const place = group.members.indexOf(person)
      if (action === 'add' && place < 0) group.members.push(person)
      if (action === 'remove' && place >= 0) group.members.splice(place, 1)
    }
    return [
      node(
        action,
        {},
        jids.map((jid) => node('participant', { jid })),
      ),
    ]
  })
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
  'w:g2:set:create': (iq, { world, phone }) => {
    const create = child(iq, 'create')
    const invited = children(create, 'participant').map(({ attrs }) => world.personOf(attrs['jid']!))
    const members = [phone, ...invited.filter((person): person is Person => person !== undefined)]
    return [world.addGroup({ subject: create?.attrs['subject'] ?? '', members }).describe()]
  },
  'w:g2:set:subject': onGroup((group, iq) => {
    group.subject = bytesOf(child(iq, 'subject')).toString()
    return []
  }),
  'w:g2:set:description': onGroup((group, iq) => {
    group.description = bytesOf(child(child(iq, 'description'), 'body')).toString()
    return []
  }),
  'w:g2:set:leave': (iq, { world, phone }) => {
    for (const { attrs } of children(child(iq, 'leave'), 'group')) {
      const members = world.groups.get(attrs['id']!)?.members
      const place = members?.indexOf(phone) ?? -1
      if (place >= 0) members?.splice(place, 1)
    }
    return [node('leave')]
  },
  'w:g2:set:add': changeMembers('add'),
  'w:g2:set:remove': changeMembers('remove'),
  'w:g2:set:promote': changeMembers('promote'),
  'w:g2:set:demote': changeMembers('demote'),
  'w:g2:get:invite': onGroup(() => [node('invite', { code: 'SimulatedInvite' })]),
  'w:g2:set:announcement': onGroup(() => []),
  'w:g2:set:not_announcement': onGroup(() => []),
  'w:g2:set:locked': onGroup(() => []),
  'w:g2:set:unlocked': onGroup(() => []),
  'w:g2:set:ephemeral': onGroup(() => []),
  'w:g2:set:not_ephemeral': onGroup(() => []),
}
