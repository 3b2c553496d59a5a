import { defaultPacing, type Pacing } from '../schema/api/pacing.ts'

/** What a tenant sets for a session: kept by its Tenant, brought to the Session. */
export interface SessionSettings {
  pacing: Pacing | null
}

export const defaultSettings: SessionSettings = { pacing: defaultPacing }
