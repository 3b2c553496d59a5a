import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { EventIndex, segmentSize } from '../../../worker/session/event-index.ts'
import { EventLog } from '../../../worker/session/log.ts'
import { conversation } from '../support/event-builder.ts'
import { LinkClient } from '../support/link-client.ts'
import { makeSession, query, readEvents } from '../support/objects.ts'

const idOf = (number: number) => `evt_${String(number).padStart(22, '0')}`

function texts(from: number, count: number) {
  return Array.from({ length: count }, (_one, index) =>
    conversation({ idEvent: idOf(from + index), value: `${from + index}` }),
  )
}

/** The values of the texts in the log, in its order. */
async function valuesOf(stub: Parameters<typeof readEvents>[0]) {
  return (await readEvents(stub)).flatMap(({ value }) => (value === undefined ? [] : [Number(value)]))
}

describe('what is in the log already', () => {
  it('is known in the next life of the object, from segments and from the log behind them', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    const count = 2 * segmentSize + 100
    for (let from = 0; from < count; from += 100)
      await link.deliver(...texts(from, Math.min(100, count - from)))
    expect(await query(stub, 'SELECT last FROM event_index ORDER BY last')).toHaveLength(2)
    await evictDurableObject(stub)
    const again = await LinkClient.attach(stub)
    await again.deliver(...texts(0, 50), ...texts(segmentSize - 10, 20), ...texts(count - 50, 51))
    const values = await valuesOf(stub)
    expect(values).toEqual(Array.from({ length: count + 1 }, (_one, index) => index))
  })

  it('costs no row for an event, and one for each segment', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(...texts(0, segmentSize - 10))
    expect(await query(stub, 'SELECT last FROM event_index')).toEqual([])
    await link.deliver(...texts(segmentSize, 20))
    expect(await query(stub, 'SELECT last FROM event_index')).toHaveLength(1)
  })

  it('is known again after a change that was undone', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(...texts(0, 10))
    const refusing = "CREATE TRIGGER refuse BEFORE INSERT ON log_0 BEGIN SELECT RAISE(ABORT, 'full'); END"
    await runInDurableObject(stub, (_session, { storage }) => void storage.sql.exec(refusing))
    link.send({
      type: 'commit',
      epoch: link.epoch,
      n: link.n + 1,
      events: texts(10, 1).map((event) => ({ event })),
    })
    await link.closedWith()
    await runInDurableObject(stub, (_session, { storage }) => void storage.sql.exec('DROP TRIGGER refuse'))
    const again = await LinkClient.attach(stub)
    await again.deliver(...texts(5, 7))
    expect(await valuesOf(stub)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('is told by its id when hashes are the same, while the log has it', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(...texts(0, 5))
    const found = await runInDurableObject(stub, (_session, { storage }) => {
      const log = new EventLog(storage.sql, 1000)
      log.load()
      const index = new EventIndex(storage.sql, log, { hash: () => [1, 2] })
      return [0, 4, 5].map((number) => index.find(idOf(number)))
    })
    const sequences = new Map((await readEvents(stub)).map(({ idEvent, sequence }) => [idEvent, sequence]))
    expect(found).toEqual([sequences.get(idOf(0)), sequences.get(idOf(4)), null])
  })

  it('is read back no further than memory allows', async () => {
    const { stub } = await makeSession()
    const link = await LinkClient.attach(stub)
    await link.deliver(...texts(0, segmentSize))
    await link.deliver(...texts(segmentSize, 50))
    const found = await runInDurableObject(stub, (_session, { storage }) => {
      const log = new EventLog(storage.sql, 1000)
      log.load()
      const index = new EventIndex(storage.sql, log, { reach: 20 })
      return [0, segmentSize + 49].map((number) => index.find(idOf(number)) !== null)
    })
    expect(found).toEqual([false, true])
  })

  it('is kept in memory no further either, however long the object lives', async () => {
    const { stub } = await makeSession()
    const found = await runInDurableObject(stub, (_session, { storage }) => {
      const log = new EventLog(storage.sql, 1000)
      const index = new EventIndex(storage.sql, log, { reach: 300 })
      for (let sequence = 1; sequence <= 2000; sequence++)
        index.add([{ sequence, body: JSON.stringify({ idEvent: idOf(sequence) }) }], 0)
      return [1, 1000, 1701, 2000].map((number) => index.find(idOf(number)))
    })
    expect(found).toEqual([null, null, 1701, 2000])
  })
})
