import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { migrate } from '../../../worker/migrate.ts'
import { sessionMigrations } from '../../../worker/session/migrations.ts'
import { Endpoint } from '../support/endpoint.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, readEvents } from '../support/objects.ts'

type Row = Record<string, SqlStorageValue>

/**
 * Turns a session's storage into what the first `done` migrations made, with the same things in it as far as they fit.
 * @returns the tables.
 */
async function takeBack(
  stub: Awaited<ReturnType<typeof makeSession>>['stub'],
  done: number,
): Promise<string[]> {
  const made = await runInDurableObject(stub, (_session, { storage }) => {
    const { sql } = storage
    const tables = () =>
      sql
        .exec<{ name: string }>(
          `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'`,
        )
        .toArray()
        .map(({ name }) => name)
    const kept = new Map<string, Row[]>()
    for (const table of tables()) {
      if (table !== 'migrations')
        kept.set(table.replace(/^log_\d+$/, 'log'), sql.exec<Row>(`SELECT * FROM ${table}`).toArray())
      sql.exec(`DROP TABLE ${table}`)
    }
    const idEvents = (kept.get('log') ?? []).flatMap(({ first, bodies }) =>
      (bodies as string).split('\n').map((body, index) => ({
        id_event: String(JSON.parse(body).idEvent),
        sequence: Number(first) + index,
      })),
    )
    kept.set('event_ids_0', idEvents.slice(0, 4))
    kept.set('event_ids_1', idEvents.slice(4))
    migrate(storage, sessionMigrations.slice(0, done))
    for (const table of tables()) {
      const columns = sql
        .exec<{ name: string }>(`PRAGMA table_info(${table})`)
        .toArray()
        .map(({ name }) => name)
      for (const row of kept.get(table) ?? [])
        sql.exec(
          `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
          ...columns.map((column) => row[column] ?? null),
        )
    }
    return tables()
  })
  await evictDurableObject(stub)
  return made
}

/** A session with a subscription, nine events and a key. */
async function used() {
  const made = await makeSession()
  const endpoint = new Endpoint()
  await endpoint.script({ status: 200 })
  await made.tenant.createSubscription({ url: endpoint.url, events: ['conversation'] })
  const link = await LinkClient.attach(made.stub)
  const events = Array.from({ length: 9 }, (_one, index) => conversation({ value: `old ${index}` }))
  for (const at of [0, 3, 6]) await link.deliver(...events.slice(at, at + 3))
  await link.commit({ keys: [{ type: 'session', id: 'a', value: 'QUJD' }] })
  await vi.waitFor(async () => expect(await endpoint.values()).toHaveLength(9), { timeout: 4500 })
  return { ...made, endpoint, link, events }
}

const earlier = sessionMigrations.map((_step, index) => index).filter((done) => done > 0)

describe('a session of an earlier version', () => {
  it.each(earlier)('goes on when %i migrations had been applied', async (done) => {
    const { stub, endpoint, link, events } = await used()
    const before = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    const tables = await takeBack(stub, done)
    expect(tables).toContain('log')
    expect(tables.includes('event_ids_1')).toBe(done < 7)
    const again = await LinkClient.attach(stub)
    expect(await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })).toEqual(before)
    expect(again.n).toBe(link.n)
    expect(again.all('keys').flatMap(({ entries }) => entries)).toMatchObject([{ type: 'session', id: 'a' }])

    await again.deliver(...events, conversation({ value: 'new' }))
    const log = await readEvents(stub)
    expect(log.flatMap(({ value }) => value ?? [])).toEqual([...events.map(({ value }) => value), 'new'])
    expect(log.map(({ sequence }) => sequence)).toEqual(log.map((_event, index) => index + 1))
    await vi.waitFor(async () => expect(await endpoint.values()).toContain('new'), { timeout: 4500 })
    expect(await endpoint.values()).toHaveLength(10)
  })
})
