import { z } from 'zod'
import { IdConnector, IdSession, IdTenant } from '../id.ts'
import { IsoTime } from './common.ts'

export const ConnectorList = z
  .object({
    connectors: z.array(
      z.object({
        idConnector: IdConnector,
        capacity: z.int(),
        isDraining: z.boolean(),
        connectedAt: IsoTime,
        lastBeatAt: IsoTime,
        sessions: z.array(z.object({ idTenant: IdTenant, idSession: IdSession })),
      }),
    ),
    waitingSessions: z.int().meta({ description: 'Sessions that no connector runs.' }),
  })
  .meta({ id: 'ConnectorList' })
export type ConnectorList = z.infer<typeof ConnectorList>

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' })
