import { z } from 'zod'
import { SessionReason, SessionState } from '../event/session.ts'
import { IdConnector, IdSession, Jid } from '../id.ts'
import { IsoTime, nextCursor } from './common.ts'

const name = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'A name for people.', examples: ['Customer care'] })

export const CreateSession = z
  .strictObject({
    idSession: IdSession.optional().meta({
      description: 'Your own name of it; ChatLink makes one when absent.',
    }),
    name: name.optional(),
    start: z.boolean().default(true).meta({ description: 'Start it at once, so that a QR comes.' }),
  })
  .meta({ id: 'CreateSession' })
export type CreateSession = z.infer<typeof CreateSession>

export const UpdateSession = z.strictObject({ name: name.nullable() }).meta({ id: 'UpdateSession' })
export type UpdateSession = z.infer<typeof UpdateSession>

export const SessionView = z
  .object({
    idSession: IdSession,
    name: name.nullable(),
    state: SessionState,
    sequence: z.int().nonnegative().meta({ description: 'Sequence of the newest event in its log.' }),
    number: Jid.nullable().meta({ description: 'JID of the linked account.' }),
    lid: Jid.nullable(),
    accountName: z.string().nullable(),
    reason: SessionReason.nullable().meta({
      description: 'Why it stopped, was logged out or is reconnecting.',
    }),
    reasonText: z.string().nullable(),
    createdAt: IsoTime,
    connectedAt: IsoTime.nullable(),
    idConnector: IdConnector.nullable().meta({ description: 'The connector that runs it now.' }),
    invalidEvents: z
      .int()
      .nonnegative()
      .meta({ description: 'Events that failed the contract: kept with the reason, never delivered.' }),
    heldEvents: z.int().nonnegative().meta({ description: 'Events that wait for their file.' }),
    queuedMessages: z.int().nonnegative().meta({ description: 'Messages that wait to be sent.' }),
  })
  .meta({ id: 'Session' })
export type SessionView = z.infer<typeof SessionView>

export const SessionPage = z
  .object({ sessions: z.array(SessionView), cursor: nextCursor })
  .meta({ id: 'SessionPage' })

export const QrView = z
  .object({ qr: z.string().meta({ description: 'The text to draw.' }), expiresAt: IsoTime })
  .meta({ id: 'Qr' })
export type QrView = z.infer<typeof QrView>
