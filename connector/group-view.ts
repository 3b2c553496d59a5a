import type { Group, GroupParticipant, GroupSummary } from '../schema/api/group.ts'
import { isLidUser, jidNormalizedUser } from './baileys.ts'
import type { GroupMetadata } from './baileys.ts'

type PhoneOf = (lid: string) => string | undefined

const roles = { superadmin: 'owner', admin: 'admin' } as const

/** A group as the API shows it: people by number wherever that is known. */
export function viewGroup(metadata: GroupMetadata, phoneOf: PhoneOf): Group {
  return {
    ...summarizeGroup(metadata, phoneOf),
    description: metadata.desc ?? '',
    participants: metadata.participants.map((participant) => viewParticipant(participant, phoneOf)),
  }
}

export function summarizeGroup(metadata: GroupMetadata, phoneOf: PhoneOf): GroupSummary {
  const { id, subject, owner, ownerPn, creation, size, participants } = metadata
  const maker = ownerPn ?? owner
  return {
    jid: id,
    subject: subject ?? '',
    owner: maker ? (phoneOf(maker) ?? jidNormalizedUser(maker)) : null,
    createdAt: creation ? new Date(creation * 1000).toISOString() : null,
    size: size ?? participants.length,
    isAnnouncement: metadata.announce === true,
    isLocked: metadata.restrict === true,
    ephemeralSeconds: metadata.ephemeralDuration ?? 0,
  }
}

function viewParticipant(
  { id, phoneNumber, lid, admin }: GroupMetadata['participants'][number],
  phoneOf: PhoneOf,
): GroupParticipant {
  const isLid = isLidUser(id) === true
  const number = isLid ? (phoneNumber ?? phoneOf(id) ?? null) : id
  return {
    jid: number ?? id,
    number,
    lid: isLid ? id : (lid ?? null),
    role: admin ? roles[admin] : 'member',
  }
}
