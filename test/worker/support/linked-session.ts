import { env } from 'cloudflare:workers'
import { type ApiClient, makeCustomer } from './api-client.ts'
import { LinkClient } from './link-client.ts'
import { ownNumber, sessionStub } from './objects.ts'

type Customer = ApiClient & { idTenant: string }

/** The Durable Object of a customer's session. */
export async function findObject(customer: Customer, idSession: string) {
  const ref = await env.TENANT.getByName(customer.idTenant).findSession(idSession)
  if (!ref) throw new Error(`no session ${idSession}`)
  return { idObject: ref.idObject, stub: sessionStub(ref.idObject) }
}

/** A connector's link to a customer's session. */
export async function linkTo(customer: Customer, idSession: string): Promise<LinkClient> {
  const { stub } = await findObject(customer, idSession)
  return LinkClient.attach(stub)
}

/** A customer with a connected session `support`, and the connector's end of its link. */
export async function makeLinked() {
  const customer = await makeCustomer()
  await customer.post('/v1/sessions', { idSession: 'support' })
  const link = await linkTo(customer, 'support')
  await link.report({ report: 'connected', number: ownNumber })
  return { customer, link }
}
