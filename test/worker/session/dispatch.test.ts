import { evictAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function subscribed(input: object = {}) {
  const made = await makeSession()
  const endpoint = new Endpoint()
  await endpoint.script({ status: 200 })
  const subscription = await made.tenant.createSubscription({ url: endpoint.url, ...input })
  if (!subscription.ok) throw new Error(subscription.code)
  const link = await LinkClient.attach(made.stub)
  return { ...made, endpoint, link, idSubscription: subscription.subscription.idSubscription }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await condition()).toBe(true), { timeout: 4500, interval: 50 })
}

describe('dispatch', () => {
  it('delivers the very bytes of the log, and nothing from before the subscription', async () => {
    const { stub, endpoint, link } = await subscribed()
    await link.deliver(conversation({ value: 'one 👍' }), conversation({ value: 'two' }))
    await until(async () => (await endpoint.received()).length === 2)
    const { entries } = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    const logged = entries.map(({ body }) => body).filter((body) => body.includes('"conversation"'))
    expect((await endpoint.received()).map(({ body }) => body)).toEqual(logged)
  })

  it('goes on after every object was evicted', async () => {
    const { endpoint, link } = await subscribed()
    await link.deliver(conversation({ value: 'before' }))
    await until(async () => (await endpoint.values()).includes('before'))
    await evictAllDurableObjects()
    await link.deliver(conversation({ value: 'after' }))
    await until(async () => (await endpoint.values()).includes('after'))
    expect([...new Set(await endpoint.values())]).toEqual(['before', 'after'])
  })

  it('delivers destroyed before the session erases itself, and then does', async () => {
    const { stub, tenant, ref, endpoint, link } = await subscribed()
    await endpoint.script({ status: 500 }, { status: 200 })
    await tenant.deleteSession(ref.idSession)
    await link.next('desire')
    await link.report({ report: 'loggedOut', reason: 'requested', reasonText: '' })
    await until(async () => (await endpoint.received()).length >= 1)
    await runDurableObjectAlarm(stub)
    expect((await readEvents(stub)).length).toBeGreaterThan(0)
    const rows = await query(stub, 'SELECT id_subscription FROM subscriptions')
    const dispatcher = env.DISPATCHER.getByName(`${ref.idObject}:${String(rows[0]?.['id_subscription'])}`)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    await until(async () => {
      await runDurableObjectAlarm(dispatcher)
      const bodies = (await endpoint.received()).map(({ body }) => body)
      return bodies.some((body) => body.includes('"destroyed"'))
    })
    await until(async () => {
      await runDurableObjectAlarm(stub)
      return (await readEvents(stub)).length === 0
    })
    expect(await query(stub, `SELECT name FROM sqlite_master WHERE name NOT LIKE '_cf%'`)).toEqual([])
    await runInDurableObject(tenant, (_tenant, state) => {
      expect(state.storage.sql.exec('SELECT * FROM sessions').toArray()).toEqual([])
    })
  })

  it('erases a session that nobody can be told of, after a day', async () => {
    const { stub, tenant, ref, endpoint } = await subscribed()
    await endpoint.script({ status: 500 })
    await tenant.deleteSession(ref.idSession)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 20_000 })
    await runDurableObjectAlarm(stub)
    expect(await stub.describe()).toMatchObject({ code: 'sessionNotFound' })
    expect((await readEvents(stub)).at(-1)).toMatchObject({ action: 'destroyed' })
    vi.setSystemTime(Date.now() + 25 * 3_600_000)
    await until(async () => {
      await runDurableObjectAlarm(stub)
      return (await readEvents(stub)).length === 0
    })
  })
})

describe('rows written', () => {
  async function countRows(stub: Parameters<typeof query>[0], work: () => Promise<void>): Promise<number> {
    await runInDurableObject(stub, (_session, state) => {
      const { sql } = state.storage
      const exec = sql.exec.bind(sql)
      const holder = globalThis as { rowsWritten?: number }
      holder.rowsWritten = 0
      sql.exec = ((...args: Parameters<typeof exec>) => {
        const cursor = exec(...args)
        holder.rowsWritten = (holder.rowsWritten ?? 0) + cursor.rowsWritten
        return cursor
      }) as typeof sql.exec
    })
    await work()
    return (globalThis as { rowsWritten?: number }).rowsWritten ?? 0
  }

  it('are one per commit in a stream, beside the account’s keys', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const rows = await countRows(stub, async () => {
      for (let commit = 0; commit < 5; commit++)
        await link.deliver(...Array.from({ length: 20 }, () => conversation()))
    })
    expect(rows).toBeGreaterThanOrEqual(5)
    expect(rows).toBeLessThanOrEqual(10)
  })
})
