import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventLog } from '../../../worker/session/log.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

const dayMs = 86_400_000
const begun = Date.UTC(2026, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: begun })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A session with a text of its own on each of these days, three at a time. */
async function withDays(...days: number[]) {
  const made = await makeSession()
  const link = await LinkClient.attach(made.stub)
  for (const day of days) {
    vi.setSystemTime(begun + day * dayMs)
    const events = ['a', 'b', 'c'].map((letter) => ({
      event: conversation({ value: `${day}${letter}` }),
      proof: `proof of ${day}${letter}`,
    }))
    await link.commit({ events })
  }
  return { ...made, link }
}

const tablesOf = async (stub: Awaited<ReturnType<typeof makeSession>>['stub']) => {
  const rows = await query(stub, "SELECT name FROM sqlite_master WHERE name GLOB 'log_[0-9]*' ORDER BY name")
  return rows.map(({ name }) => name)
}

const valuesIn = (events: Record<string, unknown>[]) =>
  events.flatMap(({ value }) => (value === undefined ? [] : [value]))

describe('a log of several partitions', () => {
  it('is read as one, from anywhere', async () => {
    const { stub } = await withDays(0, 1.5, 3, 3.5, 5)
    expect(await tablesOf(stub)).toEqual(['log_0', 'log_1', 'log_2', 'log_3'])
    const all = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    expect(all.entries.map(({ sequence }) => sequence)).toEqual(all.entries.map((_entry, index) => index + 1))
    for (let after = 0; after <= all.head; after++) {
      for (const limit of [1, 4, 100]) {
        const { entries } = await stub.readLog({ after, limit, maxBytes: 1e6 })
        expect(entries).toEqual(all.entries.slice(after, after + limit))
      }
    }
    for (const { body } of all.entries) {
      const { idEvent } = JSON.parse(body) as { idEvent: string }
      expect(await stub.findEvent(idEvent)).toEqual({ ok: true, line: body })
    }
  })

  it('tells when an event was logged, and what was logged before a time', async () => {
    const { stub } = await withDays(0, 1.5, 3, 3.5, 5)
    const { head } = await stub.head()
    const times = []
    for (let sequence = 1; sequence <= head; sequence++) times.push((await stub.loggedAt(sequence)).at ?? 0)
    expect(times.slice(-15)).toEqual(
      [0, 1.5, 3, 3.5, 5].flatMap((day) => Array.from({ length: 3 }, () => begun + day * dayMs)),
    )
    expect(await stub.loggedAt(head + 1)).toEqual({ at: null })
    for (let day = 0; day <= 6; day += 0.25) {
      const before = times.filter((at) => at < begun + day * dayMs).length
      expect(await stub.sequenceBefore(begun + day * dayMs)).toEqual({ sequence: before })
    }
  })

  it('finds a time among many commits of one partition', async () => {
    const { stub, link } = await withDays()
    for (let index = 0; index < 20; index++) {
      vi.setSystemTime(begun + 1000 * (index + 1))
      await link.deliver(
        ...Array.from({ length: 1 + (index % 3) }, () => conversation({ value: `${index}` })),
      )
    }
    const events = await readEvents(stub)
    for (let index = 0; index < 20; index++) {
      const { sequence } = await stub.sequenceBefore(begun + 1000 * (index + 1) + 1)
      expect(events[sequence - 1]).toMatchObject({ value: `${index}` })
      expect(events[sequence]?.['value']).toBe(index === 19 ? undefined : `${index + 1}`)
    }
  })

  it('gives a connector the proofs of all, the newest first', async () => {
    const { stub } = await withDays(0, 1.5, 3)
    const { recent } = await (await LinkClient.attach(stub)).next('welcome')
    expect(new Set(recent.slice(0, 3).map(({ proof }) => proof))).toEqual(
      new Set(['proof of 3a', 'proof of 3b', 'proof of 3c']),
    )
    expect(recent).toHaveLength(9)
  })

  it('is the same in the next life of the object', async () => {
    const { stub } = await withDays(0, 1.5, 3)
    const before = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    await evictDurableObject(stub)
    expect(await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })).toEqual(before)
    await (await LinkClient.attach(stub)).deliver(conversation({ value: 'next' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'next', sequence: before.head + 1 })
    expect(await tablesOf(stub)).toHaveLength(3)
  })

  it('begins another one after 100,000 events, whatever the time', async () => {
    const { stub } = await makeSession()
    const tables = await runInDurableObject(stub, (_session, { storage }) => {
      const log = new EventLog(storage.sql, 7 * dayMs)
      log.load()
      const lines = Array.from({ length: 1000 }, () => '{}')
      const made = new Map<number, number>()
      for (let n = 1; n <= 250; n++) {
        log.append(lines, lines, n, Date.now())
        const names = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name GLOB 'log_[0-9]*'").toArray()
        made.set(names.length, n)
      }
      return made
    })
    expect(tables.get(1)).toBe(100)
    expect(tables.get(2)).toBe(200)
    expect(tables.size).toBe(3)
  })

  it('has no partition that a commit began which could not be stored', async () => {
    const { stub, link } = await withDays(0)
    vi.setSystemTime(begun + 2 * dayMs)
    const frame = { n: link.n + 1, events: [{ event: conversation({ value: 'kept' }) }] }
    await runInDurableObject(stub, (_session, { storage: { sql } }) => {
      const exec = sql.exec.bind(sql)
      sql.exec = ((...args: Parameters<typeof exec>) => {
        if (args[0].startsWith('INSERT INTO log_1')) throw new Error('disk full')
        return exec(...args)
      }) as typeof sql.exec
    })
    link.send({ type: 'commit', epoch: link.epoch, ...frame })
    await link.closedWith()
    expect(await tablesOf(stub)).toEqual(['log_0'])
    await evictDurableObject(stub)
    const again = await LinkClient.attach(stub, { resumeEpoch: link.epoch })
    again.send({ type: 'commit', epoch: again.epoch, ...frame })
    await again.acked(frame.n)
    expect(valuesIn(await readEvents(stub))).toEqual(['0a', '0b', '0c', 'kept'])
    expect(await tablesOf(stub)).toEqual(['log_0', 'log_1'])
  })
})

describe('a clock that is put back', () => {
  it('a little keeps times in their order', async () => {
    const { stub, link } = await withDays(0.5)
    vi.setSystemTime(begun + 0.4 * dayMs)
    await link.deliver(conversation({ value: 'after' }))
    const { head } = await stub.head()
    expect(await stub.loggedAt(head)).toEqual({ at: begun + 0.5 * dayMs })
    expect(await tablesOf(stub)).toHaveLength(1)
  })

  it('far forgets nothing before its time, whichever clock was right', async () => {
    const { stub, link } = await withDays(0, 40)
    vi.setSystemTime(begun + 1 * dayMs)
    await link.deliver(conversation({ value: 'after' }))
    const all = ['0a', '0b', '0c', '40a', '40b', '40c', 'after']
    for (const day of [6, 6.9]) {
      vi.setSystemTime(begun + day * dayMs)
      await runDurableObjectAlarm(stub)
      expect(valuesIn(await readEvents(stub))).toEqual(all)
    }
    vi.setSystemTime(begun + 46 * dayMs)
    await runDurableObjectAlarm(stub)
    expect(valuesIn(await readEvents(stub))).toEqual(all.slice(3))
    vi.setSystemTime(begun + 47.5 * dayMs)
    for (let slice = 0; slice < 3; slice++) await runDurableObjectAlarm(stub)
    expect(await readEvents(stub)).toEqual([])
  })
})

describe('a partition that spans more than it would now', () => {
  it('is shortened row by row when its time is over: that of an earlier version, or of a longer retention', async () => {
    const { stub, link } = await withDays()
    for (let hour = 0; hour < 20; hour++) {
      vi.setSystemTime(begun + (hour * dayMs) / 24)
      await link.deliver(conversation({ value: `${hour}` }))
    }
    const now = begun + (20 * dayMs) / 24
    const left = await runInDurableObject(stub, (_session, { storage }) => {
      const log = new EventLog(storage.sql, dayMs / 4)
      log.load()
      const oldest = []
      while (log.prune(now - dayMs / 4, 3)) oldest.push(log.oldest())
      return { oldest, entries: log.read(0, 100, 1e6).map(({ body }) => JSON.parse(body)) }
    })
    expect(left.oldest.length).toBeGreaterThan(3)
    const hours = valuesIn(left.entries).map(Number)
    expect(hours.at(-1)).toBe(19)
    expect(hours[0]).toBeLessThanOrEqual(14)
    expect(hours[0]).toBeGreaterThanOrEqual(13)
    expect(hours).toHaveLength(20 - hours[0]!)
  })
})
