import { defaultPacing, type Pacing } from '../schema/api/pacing.ts'
import { defaultReceiving, type Receiving } from '../schema/api/receiving.ts'

/** What a tenant sets for a session: kept by its Tenant, brought to the Session. */
export interface SessionSettings extends Receiving {
  pacing: Pacing | null
}

export const defaultSettings: SessionSettings = { pacing: defaultPacing, ...defaultReceiving }

/** The part that concerns the connector. */
export function receivingOf({ history, includeStatus, includeNewsletters }: SessionSettings): Receiving {
  return { history, includeStatus, includeNewsletters }
}
