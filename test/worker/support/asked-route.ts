import { expect } from 'vitest'
import { makeCustomer, makeKey, problem } from './api-client.ts'
import { makeLinked } from './linked-session.ts'

/** A request that is answered by asking WhatsApp, and what WhatsApp is asked. */
export interface AskedRoute {
  method: string
  path: string
  json?: Record<string, unknown>
  question: Record<string, unknown>
  answer?: Record<string, unknown>
}

const optionsOf = ({ json }: AskedRoute) => (json ? { json } : {})

/** Expects the connector to be asked, and its answer to be the API's. */
export async function expectAsked(route: AskedRoute, status: number): Promise<void> {
  const { customer, link } = await makeLinked()
  const answering = customer.call(route.method, route.path, optionsOf(route))
  const { idCommand, command } = await link.next('command')
  expect(command).toEqual(route.question)
  const result = route.answer && { result: route.answer }
  await link.report({ report: 'command', idCommand, outcome: 'done', ...result })
  expect(await answering).toMatchObject({ status, body: route.answer ?? {} })
}

/** Expects that it takes a scope of this family, and the tenant whose session it is. */
export async function expectGuarded(route: AskedRoute, family: 'sessions' | 'messages'): Promise<void> {
  const { customer, link } = await makeLinked()
  const otherScope = `${family}:${route.method === 'GET' ? 'write' : 'read'}`
  const key = await makeKey(customer.idTenant, [otherScope])
  const options = optionsOf(route)
  expect(await key.call(route.method, route.path, options)).toMatchObject(problem(403, 'scopeMissing'))
  const other = await makeCustomer()
  expect(await other.call(route.method, route.path, options)).toMatchObject(problem(404, 'sessionNotFound'))
  expect(link.all('command')).toEqual([])
}
