import { z } from 'zod'
import { SessionReason, SessionState } from '../event/session.ts'
import { IdConnector, IdSession, Jid } from '../id.ts'
import { IsoTime, nextCursor } from './common.ts'
import { Pacing } from './pacing.ts'
import { waiting } from './placement.ts'
import { defaultReceiving, Receiving } from './receiving.ts'

const name = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'A name for people.', examples: ['Customer care'] })

const pacing = Pacing.nullable().meta({
  description:
    'How fast its messages go, so that a burst does not get the number banned; `null` lets all go at once.',
})

export const CreateSession = z
  .strictObject({
    idSession: IdSession.optional().meta({
      description: 'Your own name of it; ChatLink makes one when absent.',
    }),
    name: name.optional(),
    start: z.boolean().default(true).meta({ description: 'Start it at once, so that a QR comes.' }),
    pacing: pacing.optional(),
    ...Receiving.partial().shape,
  })
  .meta({ id: 'CreateSession', examples: [{ idSession: 'support', name: 'Customer care' }] })
export type CreateSession = z.infer<typeof CreateSession>

export const UpdateSession = z
  .strictObject({ name: name.nullable().optional(), pacing: pacing.optional(), ...Receiving.partial().shape })
  .meta({
    id: 'UpdateSession',
    examples: [{ name: 'Sales' }, { pacing: { messagesPerMinute: 20, burst: 5 } }],
  })
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
    pacing,
    ...Receiving.shape,
    ...waiting,
  })
  .meta({
    id: 'Session',
    examples: [
      {
        idSession: 'support',
        name: 'Customer care',
        state: 'connected',
        sequence: 42,
        number: '34911222333@s.whatsapp.net',
        lid: '180001112223334@lid',
        accountName: 'Acme',
        reason: null,
        reasonText: null,
        createdAt: '2026-01-31T12:00:00.000Z',
        connectedAt: '2026-01-31T12:01:00.000Z',
        idConnector: 'connector-a',
        invalidEvents: 0,
        heldEvents: 0,
        queuedMessages: 0,
        pacing: { messagesPerMinute: 120, burst: 60 },
        ...defaultReceiving,
      },
    ],
  })
export type SessionView = z.infer<typeof SessionView>

export const SessionPage = z
  .object({ sessions: z.array(SessionView), cursor: nextCursor })
  .meta({ id: 'SessionPage' })

export const QrView = z
  .object({ qr: z.string().meta({ description: 'The text to draw.' }), expiresAt: IsoTime })
  .meta({
    id: 'Qr',
    examples: [{ qr: '2@h7Kq…,Zx0s…,p2Vt…,9dLm…', expiresAt: '2026-01-31T12:00:20.000Z' }],
  })
export type QrView = z.infer<typeof QrView>
