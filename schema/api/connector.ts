import { z } from 'zod'
import { IdConnector } from '../id.ts'
import { IsoTime } from './common.ts'

export const ConnectorList = z
  .object({
    connectors: z.array(
      z.object({
        idConnector: IdConnector,
        status: z.enum(['online', 'draining', 'failing']).meta({
          description:
            '`draining`: it hands its sessions over. `failing`: it did not begin what it was given, or fell silent, three times within ten minutes; it is given nothing more until it works or is started anew.',
        }),
        capacity: z.int().meta({ description: 'How many sessions it can run.' }),
        sessions: z.int().meta({ description: 'How many it runs.' }),
        connectedAt: IsoTime,
        lastBeatAt: IsoTime,
      }),
    ),
    waitingSessions: z.int().meta({ description: 'Sessions that no connector runs yet.' }),
  })
  .meta({ id: 'ConnectorList' })
export type ConnectorList = z.infer<typeof ConnectorList>

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' })
