import { describe, expect, it } from 'vitest'
import { makeCustomer, problem } from '../support/api-client.ts'
import { conversation } from '../support/event-builder.ts'
import { makeLinked } from '../support/linked-session.ts'

type Page = { events: Record<string, unknown>[]; nextAfter: number; hasMore: boolean }
const path = '/v1/sessions/support/events'

/** A session with a text for each value behind its `started` and `connected`. */
async function makeLog(...values: string[]) {
  const { customer, link } = await makeLinked()
  await link.deliver(...values.map((value) => conversation({ value })))
  return { customer, link }
}

describe('the log of a session', () => {
  it('is pulled in order, page by page, without holes', async () => {
    const { customer } = await makeLog('one', 'two', 'three')
    const events: Record<string, unknown>[] = []
    let page: Page = { events: [], nextAfter: 0, hasMore: true }
    while (page.hasMore) {
      page = (await customer.get<Page>(`${path}?limit=2&after=${page.nextAfter}`)).body
      expect(page.events.length).toBeLessThanOrEqual(2)
      events.push(...page.events)
    }
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1))
    expect(events.slice(-3).map(({ value }) => value)).toEqual(['one', 'two', 'three'])
    expect(events.every(({ idSession }) => idSession === 'support')).toBe(true)
  })

  it('can be pulled by type', async () => {
    const { customer } = await makeLog('one', 'two')
    const { body } = await customer.get<Page>(`${path}?types=conversation,imageMessage`)
    expect(body.events.map(({ value }) => value)).toEqual(['one', 'two'])
    expect(
      (await customer.get<Page>(`${path}?types=sessionUpdate&after=${body.nextAfter}`)).body,
    ).toMatchObject({
      events: [],
      hasMore: false,
    })
  })

  it('shows the bytes as they are delivered', async () => {
    const value = 'emoji 🎉, line\u2028separator, "quotes", \\ and \u0000'
    const { customer } = await makeLog(value)
    const { body } = await customer.get<Page>(`${path}?types=conversation`)
    expect(body.events[0]!['value']).toBe(value)
  })

  it.each(['after=-1', 'after=x', 'limit=0', 'limit=1001', 'types=', 'types=nonsense', 'cursor=1'])(
    'is not pulled with %s',
    async (query) => {
      const { customer } = await makeLinked()
      expect(await customer.get(`${path}?${query}`)).toMatchObject(problem(422, 'validationFailed'))
    },
  )

  it('of another tenant does not exist', async () => {
    await makeLog('private')
    expect(await (await makeCustomer()).get(path)).toMatchObject(problem(404, 'sessionNotFound'))
  })
})

it('shows what failed the contract, with the reason', async () => {
  const { customer, link } = await makeLinked()
  await link.deliver({ ...conversation(), isMessageFromGroup: 'perhaps' })
  type List = { events: { position: number; reason: string; event: string }[] }
  const { body } = await customer.get<List>('/v1/sessions/support/invalid-events')
  expect(body.events).toHaveLength(1)
  expect(body.events[0]!.reason).toContain('isMessageFromGroup')
  expect(body.events[0]!.event).toContain('perhaps')
  const next = await customer.get<List>('/v1/sessions/support/invalid-events?after=1')
  expect(next.body.events).toEqual([])
})
