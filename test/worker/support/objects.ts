import { env } from 'cloudflare:workers'
import { runInDurableObject } from 'cloudflare:test'
import type { SessionSettings } from '../../../worker/session-settings.ts'
import type { Session } from '../../../worker/session/session.ts'
import { LinkClient } from './link-client.ts'

/** The account that a session is linked to. */
export const ownNumber = '34911222333@s.whatsapp.net'

/** A tenant as the Fleet makes one. */
export async function makeTenant() {
  const made = await env.FLEET.getByName('fleet').createTenant({ name: 'Acme' })
  if (!made.ok) throw new Error(made.code)
  const { idTenant } = made.tenant
  return { idTenant, stub: env.TENANT.getByName(idTenant) }
}

/** A session of a tenant of its own, started unless told otherwise. */
export async function makeSession(
  options: { idSession?: string; start?: boolean; settings?: Partial<SessionSettings> } = {},
) {
  const { idTenant, stub: tenant } = await makeTenant()
  const { idSession = 'support', start = true, settings = {} } = options
  const made = await tenant.createSession({ idSession, start, settings })
  if (!made.ok) throw new Error(made.code)
  const stub = sessionStub(made.ref.idObject)
  return { idTenant, tenant, ref: made.ref, view: made.session, stub }
}

/** A session that is connected, and the connector's end of its link. */
export async function makeConnected({
  idConnector = 'connector-a',
  ...options
}: Parameters<typeof makeSession>[0] & { idConnector?: string } = {}) {
  const made = await makeSession(options)
  const link = await LinkClient.attach(made.stub, { idConnector })
  await link.report({ report: 'connected', number: ownNumber })
  return { ...made, link }
}

export function sessionStub(idObject: string) {
  return env.SESSION.get(env.SESSION.idFromString(idObject))
}

/** All events of a session's log, parsed. */
export async function readEvents(stub: DurableObjectStub<Session>): Promise<Record<string, unknown>[]> {
  const { entries } = await stub.readLog({ after: 0, limit: 10_000, maxBytes: 100_000_000 })
  return entries.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
}

/** The actions of the `sessionUpdate` events, in order. */
export async function readActions(stub: DurableObjectStub<Session>): Promise<unknown[]> {
  const events = await readEvents(stub)
  return events.filter(({ messageType }) => messageType === 'sessionUpdate').map(({ action }) => action)
}

/** Rows of a query in an object's own storage. */
export async function query(
  stub: DurableObjectStub<Session>,
  sql: string,
): Promise<Record<string, unknown>[]> {
  return runInDurableObject(stub, (_object, state) => state.storage.sql.exec(sql).toArray())
}
