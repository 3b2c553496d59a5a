import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

const dayMs = 86_400_000

afterEach(() => {
  vi.useRealTimers()
})

async function withMessages(count: number) {
  const made = await makeSession()
  const link = await LinkClient.attach(made.stub)
  const events = Array.from({ length: count }, (_one, index) => conversation({ value: `${index}` }))
  await link.deliver(...events)
  return { ...made, link, events }
}

/** Counts rows written from now on by statements whose text holds a word. */
async function countRows(stub: Awaited<ReturnType<typeof makeSession>>['stub']) {
  const cursors: { text: string; cursor: { rowsWritten: number } }[] = []
  await runInDurableObject(stub, (_session, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql)
    sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec(...args)
      cursors.push({ text: args[0], cursor })
      return cursor
    }) as typeof sql.exec
  })
  return async (word: string) =>
    runInDurableObject(stub, () =>
      cursors
        .filter(({ text }) => text.includes(word))
        .reduce((sum, { cursor }) => sum + cursor.rowsWritten, 0),
    )
}

describe('readLog', () => {
  it('gives pages by count, each beginning where the last ended', async () => {
    const { stub } = await withMessages(10)
    const all = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    const paged = []
    let after = 0
    for (;;) {
      const { entries } = await stub.readLog({ after, limit: 3, maxBytes: 1e6 })
      if (entries.length === 0) break
      expect(entries.length).toBeLessThanOrEqual(3)
      paged.push(...entries)
      after = entries.at(-1)?.sequence ?? 0
    }
    expect(paged).toEqual(all.entries)
    expect(all.head).toBe(all.entries.at(-1)?.sequence)
  })

  it('stops at maxBytes but gives at least one', async () => {
    const { stub } = await withMessages(10)
    expect((await stub.readLog({ after: 0, limit: 100, maxBytes: 1 })).entries).toHaveLength(1)
    const some = await stub.readLog({ after: 0, limit: 100, maxBytes: 1000 })
    expect(some.entries.length).toBeGreaterThan(1)
    expect(some.entries.length).toBeLessThan(10)
  })
})

describe('listEvents', () => {
  it('filters by type and goes on from nextAfter', async () => {
    const { stub } = await withMessages(5)
    const first = await stub.listEvents({ after: 0, limit: 2, types: ['conversation'] })
    if (!first.ok) throw new Error(first.code)
    expect(first.lines.map((line) => JSON.parse(line).value)).toEqual(['0', '1'])
    expect(first.hasMore).toBe(true)
    const rest = await stub.listEvents({ after: first.nextAfter, limit: 100, types: ['conversation'] })
    if (!rest.ok) throw new Error(rest.code)
    expect(rest.lines.map((line) => JSON.parse(line).value)).toEqual(['2', '3', '4'])
    expect(rest.hasMore).toBe(false)
  })

  it('answers nothing, and no more, after the head', async () => {
    const { stub } = await withMessages(1)
    const { head } = await stub.head()
    expect(await stub.listEvents({ after: head, limit: 10 })).toEqual({
      ok: true,
      lines: [],
      nextAfter: head,
      hasMore: false,
    })
  })

  it('wakes who waits for the next event', async () => {
    const { stub, link } = await withMessages(1)
    const { head } = await stub.head()
    const waiting = stub.awaitEvents({ after: head, waitSeconds: 20 })
    await link.deliver(conversation())
    expect(await waiting).toEqual({ head: head + 1 })
  })
})

describe('retention', () => {
  it('forgets what is older and keeps what is not; sequences go on', async () => {
    const { stub, link } = await withMessages(3)
    const { head } = await stub.head()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * dayMs })
    await link.deliver(conversation({ value: 'newer' }))
    vi.setSystemTime(Date.now() + 3 * dayMs)
    await runDurableObjectAlarm(stub)
    expect((await readEvents(stub)).map(({ value, sequence }) => [value, sequence])).toEqual([
      ['newer', head + 1],
    ])
    expect(await stub.readLog({ after: 0, limit: 1, maxBytes: 1 })).toMatchObject({
      oldest: head + 1,
      head: head + 1,
    })
  })

  it('keeps head and the number of the last commit when everything is forgotten', async () => {
    const { stub, link } = await withMessages(3)
    const { head } = await stub.head()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * dayMs })
    await runDurableObjectAlarm(stub)
    expect(await readEvents(stub)).toEqual([])
    await link.deliver(conversation())
    expect((await readEvents(stub)).map(({ sequence }) => sequence)).toEqual([head + 1])
  })

  it('still knows a redelivered event for one retention period', async () => {
    const { stub, link, events } = await withMessages(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * dayMs })
    await runDurableObjectAlarm(stub)
    await link.deliver(...events)
    expect(await readEvents(stub)).toEqual([])
    expect(await query(stub, 'SELECT last FROM event_index')).toHaveLength(1)
    vi.setSystemTime(Date.now() + 15 * dayMs)
    await runDurableObjectAlarm(stub)
    expect(await query(stub, 'SELECT last FROM event_index')).toEqual([])
  })

  it('writes no row for what it forgets', async () => {
    const { stub, link } = await withMessages(1)
    for (let index = 0; index < 50; index++) await link.deliver(conversation())
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * dayMs })
    await link.deliver(conversation({ value: 'newer' }))
    vi.setSystemTime(Date.now() + 3 * dayMs)
    const written = await countRows(stub)
    await runDurableObjectAlarm(stub)
    expect((await readEvents(stub)).map(({ value }) => value)).toEqual(['newer'])
    expect(await written('log_')).toBe(0)
  })

  it('forgets nothing that is younger, and everything at most a seventh of it and six hours later', async () => {
    const { stub, link } = await withMessages(1)
    const begun = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: begun })
    const loggedAt: number[] = []
    for (let now = begun; now < begun + 20 * dayMs; now += dayMs / 4) {
      vi.setSystemTime(now)
      if ((now / dayMs) % 5 < 4) {
        await link.deliver(conversation({ value: `${now}` }))
        loggedAt.push(now)
      }
      await runDurableObjectAlarm(stub)
      const kept = (await readEvents(stub)).flatMap(({ value }) => (value ? [Number(value)] : []))
      expect(kept.filter((at) => at >= begun)).toEqual(loggedAt.slice(-kept.length))
      expect(kept.length).toBeGreaterThanOrEqual(loggedAt.filter((at) => at >= now - 7 * dayMs).length)
      expect(now - Math.min(now, ...kept.filter((at) => at >= begun))).toBeLessThanOrEqual(8.25 * dayMs)
    }
    const tables = await query(stub, "SELECT name FROM sqlite_master WHERE name LIKE 'log\\__' ESCAPE '\\'")
    expect(tables.length).toBeLessThanOrEqual(9)
  })

  it('goes on in a log that was all forgotten twice', async () => {
    const { stub, link } = await withMessages(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    for (const value of ['a', 'b']) {
      vi.setSystemTime(Date.now() + 9 * dayMs)
      await runDurableObjectAlarm(stub)
      await evictDurableObject(stub)
      const { head } = await stub.head()
      await (await LinkClient.attach(stub)).deliver(conversation({ value }))
      expect((await readEvents(stub)).map((event) => [event['value'], event['sequence']])).toEqual([
        [value, head + 1],
      ])
    }
    expect(link.closed).not.toBeNull()
  })
})
