import { z } from 'zod'
import { Jid } from '../id.ts'
import { Address } from './contact.ts'
import { IsoTime } from './common.ts'

export const GroupJid = z
  .string()
  .max(256)
  .regex(/^[0-9-]+@g\.us$/, 'use the JID of a group, such as 120363041234567890@g.us')
  .meta({ examples: ['120363041234567890@g.us'] })

/** People named in one request about a group. */
export const maxGroupPeople = 100
export const maxSubjectCharacters = 100
export const maxDescriptionCharacters = 2048

const subject = z.string().min(1).max(maxSubjectCharacters)
const description = z.string().max(maxDescriptionCharacters)
const people = z
  .array(Address)
  .max(maxGroupPeople)
  .meta({ description: 'JIDs of numbers or LIDs, or numbers with their country code.' })

const summary = {
  jid: GroupJid,
  subject: z.string(),
  owner: Jid.nullable().meta({ description: 'Who made it; `null` when WhatsApp does not tell.' }),
  createdAt: IsoTime.nullable(),
  size: z.int().nonnegative().meta({ description: 'How many people are in it.' }),
  isAnnouncement: z.boolean().meta({ description: 'Only administrators may write.' }),
  isLocked: z.boolean().meta({ description: 'Only administrators may change subject and description.' }),
  ephemeralSeconds: z
    .int()
    .nonnegative()
    .meta({ description: 'Messages disappear after so long; 0 is never.' }),
}

export const GroupParticipant = z
  .object({
    jid: Jid.meta({ description: 'The number’s JID when it is known, else the LID.' }),
    number: Jid.nullable(),
    lid: Jid.nullable(),
    role: z.enum(['owner', 'admin', 'member']),
  })
  .meta({ id: 'GroupParticipant' })
export type GroupParticipant = z.infer<typeof GroupParticipant>

const exampleSummary = {
  jid: '120363041234567890@g.us',
  subject: 'Neighbours',
  owner: '34911222333@s.whatsapp.net',
  createdAt: '2026-01-31T12:00:00.000Z',
  size: 2,
  isAnnouncement: false,
  isLocked: false,
  ephemeralSeconds: 0,
}

export const GroupSummary = z.object(summary).meta({ id: 'GroupSummary', examples: [exampleSummary] })
export type GroupSummary = z.infer<typeof GroupSummary>

export const GroupList = z.object({ groups: z.array(GroupSummary) }).meta({ id: 'GroupList' })

export const Group = z
  .object({
    ...summary,
    description: z.string().meta({ description: '`""` when there is none.' }),
    participants: z.array(GroupParticipant),
  })
  .meta({
    id: 'Group',
    examples: [
      {
        ...exampleSummary,
        description: 'Third floor',
        participants: [
          {
            jid: '34911222333@s.whatsapp.net',
            number: '34911222333@s.whatsapp.net',
            lid: '180001112223335@lid',
            role: 'owner',
          },
          {
            jid: '34600111222@s.whatsapp.net',
            number: '34600111222@s.whatsapp.net',
            lid: '180001112223334@lid',
            role: 'member',
          },
        ],
      },
    ],
  })
export type Group = z.infer<typeof Group>

export const CreateGroup = z.strictObject({ subject, participants: people }).meta({
  id: 'CreateGroup',
  examples: [{ subject: 'Neighbours', participants: ['34600111222@s.whatsapp.net'] }],
})

export const groupChanges = {
  subject: subject.optional(),
  description: description.optional().meta({ description: '`""` takes it away.' }),
  isAnnouncement: summary.isAnnouncement.optional(),
  isLocked: summary.isLocked.optional(),
}

export const UpdateGroup = z
  .strictObject(groupChanges)
  .refine((changes) => Object.keys(changes).length > 0, 'name at least one change')
  .meta({ id: 'UpdateGroup', examples: [{ subject: 'Neighbours of the third floor' }] })

export const participantsChange = {
  action: z.enum(['add', 'remove', 'promote', 'demote']),
  participants: people.min(1),
}

export const ChangeParticipants = z.strictObject(participantsChange).meta({
  id: 'ChangeParticipants',
  examples: [{ action: 'add', participants: ['34600111222@s.whatsapp.net'] }],
})

export const ParticipantResult = z
  .object({
    jid: Jid.meta({ description: 'Of whom was named.' }),
    status: z.enum(['done', 'refused']),
    errorCode: z.string().nullable().meta({ description: 'WhatsApp’s code.' }),
    errorText: z.string().nullable(),
  })
  .meta({
    id: 'ParticipantResult',
    examples: [{ jid: '34600111222@s.whatsapp.net', status: 'done', errorCode: null, errorText: null }],
  })
export type ParticipantResult = z.infer<typeof ParticipantResult>

export const ParticipantResults = z
  .object({ participants: z.array(ParticipantResult) })
  .meta({ id: 'ParticipantResults', description: 'One for each, in the order in which they were given.' })

export const GroupInvite = z.object({ inviteCode: z.string(), inviteUrl: z.url() }).meta({
  id: 'GroupInvite',
  examples: [{ inviteCode: 'HjVq2kY8mNwB4xZ', inviteUrl: 'https://chat.whatsapp.com/HjVq2kY8mNwB4xZ' }],
})

export const JoinGroup = z
  .strictObject({
    inviteCode: z
      .string()
      .max(256)
      .transform((text) =>
        text.replace(/^https:\/\/chat\.whatsapp\.com\/(invite\/)?/, '').replace(/[?#].*$/, ''),
      )
      .pipe(z.string().regex(/^[A-Za-z0-9_-]{8,64}$/, 'use the code or the link of an invitation'))
      .meta({ description: 'The code, or the whole link.' }),
  })
  .meta({ id: 'JoinGroup', examples: [{ inviteCode: 'HjVq2kY8mNwB4xZ' }] })

export const JoinedGroup = z
  .object({
    jid: GroupJid.nullable().meta({
      description: '`null` when an administrator has to let the account in first.',
    }),
  })
  .meta({ id: 'JoinedGroup', examples: [{ jid: '120363041234567890@g.us' }] })
