import { z } from 'zod'
import { MessageStatus } from '../event/change.ts'
import { Jid } from '../id.ts'
import { IsoTime, nextCursor, PageQuery } from './common.ts'
import { waiting } from './placement.ts'

export const defaultWaitSeconds = 5
export const maxWaitSeconds = 30
/** So many messages of a session may wait to be sent. */
export const maxQueuedMessages = 1000

const readSeconds = (given: unknown) => (/^\d{1,9}(\.\d+)?$/.test(String(given)) ? Number(given) : given)
const wantedWait = `give seconds from 0 to ${maxWaitSeconds}`

export const WaitQuery = z.strictObject({
  wait: z
    .preprocess(
      readSeconds,
      z.number(wantedWait).min(0).max(maxWaitSeconds, wantedWait).default(defaultWaitSeconds),
    )
    .meta({ description: `Seconds to wait for WhatsApp’s own acknowledgement, 0 to ${maxWaitSeconds}.` }),
})

export const MessageView = z
  .object({
    idMessage: z.string().meta({ description: 'WhatsApp’s own id of the message, fixed before it is sent.' }),
    status: z.enum(['queued', ...MessageStatus.options]).meta({
      description:
        'The newest: `queued` waits, `sent` is WhatsApp’s, `delivered`, `read` and `played` by the recipient (in a group the furthest that anybody has got), `failed` will not be sent.',
    }),
    to: Jid,
    messageType: z.string(),
    createdAt: IsoTime,
    finishedAt: IsoTime.nullable(),
    errorCode: z.string().optional().meta({
      description:
        'WhatsApp’s own code, or `expired`, `cancelled`, `notOnWhatsApp`, `fileNotFound`, `sendFailed`.',
    }),
    errorText: z.string().optional(),
    ...waiting,
  })
  .meta({
    id: 'Message',
    examples: [
      {
        idMessage: '3EB0C767D097B7C35B12A0',
        status: 'sent',
        to: '34600111222@s.whatsapp.net',
        messageType: 'conversation',
        createdAt: '2026-01-31T12:00:00.000Z',
        finishedAt: '2026-01-31T12:00:00.250Z',
      },
    ],
  })
export type MessageView = z.infer<typeof MessageView>

export const MessageQuery = PageQuery.extend({
  status: z.enum(['queued']).default('queued').meta({ description: 'Which messages: those that wait.' }),
})

export const MessagePage = z
  .object({ messages: z.array(MessageView), cursor: nextCursor })
  .meta({ id: 'MessagePage' })
