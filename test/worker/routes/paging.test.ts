import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { admin, makeCustomer, problem } from '../support/api-client.ts'
import { apiRoutes } from '../../../openapi/api-routes.ts'
import { exampleOf, fillPath, needs } from '../support/api-contract.ts'

const lists = apiRoutes.filter(({ request }) => {
  const query = request?.query as z.ZodObject | undefined
  return query !== undefined && 'cursor' in query.shape
})

describe('a list', () => {
  it('is one of those that page', () => {
    const names = ['api-keys', 'contacts', 'deliveries', 'messages', 'sessions', 'subscriptions', 'tenants']
    expect(new Set(lists.map(({ path }) => path.split('/').at(-1)))).toEqual(new Set(names))
  })

  it.each(lists.map((route) => [route.path, route] as const))(
    '%s refuses a cursor that no page has answered',
    async (path, route) => {
      const client = needs(route, 'adminToken') ? admin : await makeCustomer()
      const filled = fillPath(path)
      for (const cursor of [
        'nonsense',
        'NaN',
        '%27%3B--',
        '1'.repeat(513),
        '-1',
        '1.5',
        '1e3',
        '99999999999999999999',
        '5.5',
        '%20',
        '0x1f',
        'a@b%20c',
      ])
        expect(await client.get(`${filled}?cursor=${cursor}`), cursor).toMatchObject({
          ...problem(422, 'validationFailed'),
          body: { errors: [{ path: 'cursor', message: expect.stringContaining('cursor') }] },
        })
    },
  )
})

const numbers = apiRoutes.flatMap((route) =>
  Object.keys((route.request?.query as z.ZodObject | undefined)?.shape ?? {})
    .filter((name) => ['after', 'limit', 'wait'].includes(name))
    .map((name) => ({ route, name, title: `${name} of ${route.method} ${route.path}` })),
)

describe('a number in a query', () => {
  it.each(numbers)('$title is digits, not what a language takes for a number', async ({ route, name }) => {
    const client = needs(route, 'adminToken') ? admin : await makeCustomer()
    const json = exampleOf(route.method, route.path)
    for (const text of ['', '%20', '1e1', '0x1', '-1', 'NaN', 'one', '1&' + name + '=2'])
      expect(
        await client.call(route.method.toUpperCase(), `${fillPath(route.path)}?${name}=${text}`, {
          ...(json !== undefined && { json }),
        }),
        text,
      ).toMatchObject({
        ...problem(422, 'validationFailed'),
        body: { errors: [{ path: name, message: expect.stringMatching(/^give /) }] },
      })
  })
})
