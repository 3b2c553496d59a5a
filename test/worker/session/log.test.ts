import { runDurableObjectAlarm } from 'cloudflare:test'
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

  it('prunes in slices until nothing is left', async () => {
    const { stub, link } = await withMessages(1)
    for (let index = 0; index < 150; index++) await link.deliver(conversation())
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * dayMs })
    await runDurableObjectAlarm(stub)
    expect((await readEvents(stub)).length).toBeGreaterThan(0)
    await runDurableObjectAlarm(stub)
    expect(await readEvents(stub)).toEqual([])
  })
})
