import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { linkClose, maxKeyCharacters } from '../../../schema/link.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

describe('commit', () => {
  it('puts events into the log in order, with sequences without holes', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(conversation({ value: 'one' }), conversation({ value: 'two' }))
    await link.deliver(conversation({ value: 'three' }))
    const events = await readEvents(stub)
    const messages = events.filter(({ messageType }) => messageType === 'conversation')
    expect(messages.map(({ value }) => value)).toEqual(['one', 'two', 'three'])
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1))
  })

  it('writes an event with idSession, messageType, idEvent and sequence first', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(conversation({ value: 'emoji 👍 \u2028 end' }))
    const { entries } = await stub.readLog({ after: 0, limit: 100, maxBytes: 1e6 })
    const body = entries.at(-1)?.body ?? ''
    expect(Object.keys(JSON.parse(body)).slice(0, 4)).toEqual([
      'idSession',
      'messageType',
      'idEvent',
      'sequence',
    ])
    expect(JSON.parse(body).value).toBe('emoji 👍 \u2028 end')
  })

  it('acknowledges a repeated commit and applies it once', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const event = conversation()
    const n = await link.commit({ events: [{ event }] })
    const before = await readEvents(stub)
    link.send({ type: 'commit', epoch: link.epoch, n, events: [{ event: conversation() }] })
    await link.until(() => link.all('ack').filter((ack) => ack.n === n).length === 2)
    expect(await readEvents(stub)).toEqual(before)
  })

  it('closes the link on a gap and applies nothing', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    link.send({ type: 'commit', epoch: link.epoch, n: link.n + 2, events: [{ event: conversation() }] })
    expect(await link.closedWith()).toBe(linkClose.gap)
    expect((await readEvents(stub)).some(({ messageType }) => messageType === 'conversation')).toBe(false)
  })

  it('stores a key of the largest size, and closes the link on a larger one', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const key = (characters: number) => ({ type: 'session', id: '1', value: 'A'.repeat(characters) })
    await link.commit({ keys: [key(maxKeyCharacters)] })
    link.send({ type: 'commit', epoch: link.epoch, n: link.n + 1, keys: [key(maxKeyCharacters + 4)] })
    expect(await link.closedWith()).toBe(linkClose.badFrame)
  })

  it.each([
    ['text that is not JSON', 'hello'],
    ['an unknown field', { type: 'commit', epoch: 1, n: 1, extra: true }],
    ['an unknown type', { type: 'gossip' }],
    ['a commit before hello', { type: 'commit', epoch: 1, n: 1 }],
  ])('closes the link on %s', async (_title, frame) => {
    const { stub } = await makeSession()
    const link = await LinkClient.open(stub)
    link.send(frame)
    expect(await link.closedWith()).toBe(linkClose.badFrame)
    expect(link.closed?.reason).not.toBe('')
  })

  it('does not disturb the owner when a stranger sends a bad frame', async () => {
    const { stub } = await makeSession()
    const owner = await LinkClient.attach(stub)
    const stranger = await LinkClient.open(stub)
    stranger.send('nonsense')
    await stranger.closedWith()
    await owner.deliver(conversation({ value: 'still here' }))
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'still here' })
  })

  it('keeps an invalid event with its reason and delivers its neighbours', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const wrong = conversation({ senderNumber: 42 })
    await link.deliver(conversation({ value: 'before' }), wrong, conversation({ value: 'after' }))
    const values = (await readEvents(stub)).filter(({ messageType }) => messageType === 'conversation')
    expect(values.map(({ value }) => value)).toEqual(['before', 'after'])
    const listed = await stub.listInvalid({ after: 0, limit: 10 })
    if (!listed.ok) throw new Error(listed.code)
    expect(listed.events).toHaveLength(1)
    expect(listed.events[0]?.reason).toContain('senderNumber')
    expect(JSON.parse(listed.events[0]?.event ?? '')).toEqual(wrong)
    expect(await stub.describe()).toMatchObject({ session: { invalidEvents: 1 } })
  })

  it('keeps an event of another session as invalid', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(conversation({ idSession: 'other' }))
    expect(await stub.describe()).toMatchObject({ session: { invalidEvents: 1 } })
  })

  it('logs an event that comes again only once, in the same commit and in later ones', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const twice = conversation({ value: 'twice' })
    await link.deliver(twice, twice, conversation({ value: 'a' }))
    await link.deliver(conversation({ value: 'b' }), twice, conversation({ value: 'c' }))
    const events = await readEvents(stub)
    expect(events.flatMap(({ value }) => value ?? [])).toEqual(['twice', 'a', 'b', 'c'])
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1))
  })

  it('splits a large commit into rows and reads it back whole', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const events = Array.from({ length: 40 }, (_one, index) =>
      conversation({ value: `${index} ${'x'.repeat(20_000)}` }),
    )
    await link.deliver(...events)
    const read = (await readEvents(stub)).filter(({ messageType }) => messageType === 'conversation')
    expect(read.map(({ value }) => value)).toEqual(events.map(({ value }) => value))
    const rows = await query(stub, 'SELECT count(*) AS count FROM log_0')
    expect(Number(rows[0]?.['count'])).toBeGreaterThan(5)
  })

  it('goes on after an eviction where it stopped', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(conversation({ value: 'before' }))
    await evictDurableObject(stub)
    await link.deliver(conversation({ value: 'after' }))
    const events = await readEvents(stub)
    expect(events.flatMap(({ value }) => value ?? [])).toEqual(['before', 'after'])
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1))
  })
})

describe('a commit that cannot be stored', () => {
  it('closes the link, leaves nothing behind, and can be sent again', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const before = await readEvents(stub)
    await runInDurableObject(stub, (_session, state) => {
      const { sql } = state.storage
      const exec = sql.exec.bind(sql)
      let isBroken = true
      sql.exec = ((...args: Parameters<typeof exec>) => {
        if (isBroken && args[0].startsWith('INSERT INTO log')) {
          isBroken = false
          throw new Error('disk full')
        }
        return exec(...args)
      }) as typeof sql.exec
    })
    const frame = {
      n: link.n + 1,
      keys: [{ type: 'session', id: 'a', value: 'QUJD' }],
      events: [{ event: conversation({ value: 'kept' }) }],
    }
    link.send({ type: 'commit', epoch: link.epoch, ...frame })
    expect(await link.closedWith()).toBe(1011)
    expect(await readEvents(stub)).toEqual(before)
    expect(await query(stub, 'SELECT * FROM keys')).toEqual([])
    const again = await LinkClient.attach(stub, { resumeEpoch: link.epoch })
    again.send({ type: 'commit', epoch: again.epoch, ...frame })
    await again.acked(frame.n)
    expect((await readEvents(stub)).at(-1)).toMatchObject({ value: 'kept' })
  })
})
