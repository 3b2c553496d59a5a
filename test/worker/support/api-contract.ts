import type { RouteConfig } from '@hono/zod-openapi'
import { expect } from 'vitest'
import type { z } from 'zod'
import { apiRoutes } from '../../../openapi/api-routes.ts'

/** Whether the contract asks for this credential on a route. */
export function needs(route: RouteConfig, credential: 'apiKey' | 'adminToken'): boolean {
  return route.security?.some((one) => credential in one) ?? false
}

/** The example of a route's JSON body; undefined when it takes none. */
export function exampleOf(method: string, path: string): unknown {
  const route = apiRoutes.find((one) => one.method === method.toLowerCase() && one.path === path)
  const content = route?.request?.body?.content['application/json'] as { schema: z.ZodType } | undefined
  const schema = content?.schema
  return schema && ((schema.meta()?.['examples'] as unknown[] | undefined)?.[0] ?? {})
}

/** A path of the contract with true-looking ids, of things that nobody has. */
export function fillPath(path: string, given: Record<string, string> = {}): string {
  const values: Record<string, string> = {
    idTenant: 'ten_nobodynobodynobodynob',
    idKey: 'key_nobodynobodynobodynob',
    idSession: 'nobody',
    idSubscription: 'sub_nobodynobodynobodynob',
    idEvent: 'evt_nobodynobodynobodynob',
    idFile: 'file_nobodynobodynobodynob',
    idMessage: 'NOBODY',
    jid: '34600000000@s.whatsapp.net',
    ...given,
  }
  if (path.includes('/groups/')) values['jid'] = '120363000000000000@g.us'
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name]!)
}

interface Answer {
  method: string
  path: string
  status: number
  type: string
  /** The body, when it is JSON. */
  body?: unknown
}

/** Fails when an answer is not one that the contract has for its route: another status, field or shape. */
export function expectContract({ method, path, status, type, body }: Answer): void {
  const route = apiRoutes.find((one) => one.method === method.toLowerCase() && matches(one.path, path))
  if (!route) return
  expect(Object.keys(route.responses), `${method} ${route.path} answered ${status}`).toContain(String(status))
  const answer = route.responses[status] as { content?: Record<string, { schema: z.ZodType }> }
  const schema = answer.content?.[type.split(';')[0]!]?.schema
  if (body !== undefined) expect(body, `${method} ${route.path}`).toEqual(schema?.parse(body))
}

function matches(pattern: string, path: string): boolean {
  const expression = pattern.replaceAll(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${expression}$`).test(new URL(path, 'http://worker').pathname)
}
