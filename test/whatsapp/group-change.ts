import type { BinaryNode } from 'baileys'
import { randomBytes } from 'node:crypto'
import type { Group } from './group.ts'
import { node } from './node.ts'
import type { Person } from './person.ts'

/** What a member does to a group. */
export type GroupChange =
  | { subject: string }
  | { description: string }
  | { add: Person[] }
  | { remove: Person[] }
  | { promote: Person[] }
  | { demote: Person[] }
  | { announcement: boolean }
  | { locked: boolean }
  | { ephemeralSeconds: number }
  | { newInviteCode: true }

export function applyChange(group: Group, change: GroupChange): void {
  const { members, admins } = group
  if ('subject' in change) group.subject = change.subject
  else if ('description' in change) group.description = change.description
  else if ('add' in change) members.push(...change.add.filter((person) => !members.includes(person)))
  else if ('remove' in change)
    for (const person of change.remove) {
      admins.delete(person)
      if (members.includes(person)) members.splice(members.indexOf(person), 1)
    }
  else if ('promote' in change) for (const person of change.promote) admins.add(person)
  else if ('demote' in change) for (const person of change.demote) admins.delete(person)
  else if ('announcement' in change) group.isAnnouncement = change.announcement
  else if ('locked' in change) group.isLocked = change.locked
  else if ('ephemeralSeconds' in change) group.ephemeralSeconds = change.ephemeralSeconds
  else group.inviteCode = randomBytes(11).toString('hex')
}

/** The content of the notification that tells of the change. */
export function changeNode(group: Group, by: Person, change: GroupChange): BinaryNode {
  const t = `${by.world.unixNow()}`
  const people = (tag: string, persons: Person[]) =>
    node(
      tag,
      {},
      persons.map((person) => group.participant(person)),
    )
  if ('subject' in change)
    return node('subject', { subject: change.subject, s_t: t, s_o: group.jidOf(by), s_o_pn: by.knownJid })
  if ('description' in change)
    return node('description', { id: by.world.nextId() }, [node('body', {}, Buffer.from(change.description))])
  if ('add' in change) return people('add', change.add)
  if ('remove' in change) return people('remove', change.remove)
  if ('promote' in change) return people('promote', change.promote)
  if ('demote' in change) return people('demote', change.demote)
  if ('announcement' in change) return node(change.announcement ? 'announcement' : 'not_announcement')
  if ('locked' in change) return node(change.locked ? 'locked' : 'unlocked')
  if ('ephemeralSeconds' in change)
    return change.ephemeralSeconds > 0
      ? node('ephemeral', { expiration: `${change.ephemeralSeconds}` })
      : node('not_ephemeral')
  return node('invite', { code: group.inviteCode })
}
