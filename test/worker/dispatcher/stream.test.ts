import { describe, expect, it } from 'vitest'
import { LaneBook } from '../../../worker/dispatcher/lane-book.ts'
import { Stream, type LogSlice } from '../../../worker/dispatcher/stream.ts'

const count = 300

function makeStream(): Stream {
  const filter = {
    idSubscription: 'sub_1',
    events: null,
    sessions: null,
    includeFromMe: false,
    includeHistory: false,
    ordering: 'chat',
  } as const
  const stream = new Stream(0, [], new LaneBook(), () => filter)
  stream.accept(readAfter(0, count).entries)
  return stream
}

/** The log, whose events are of one chat. */
function readAfter(after: number, limit: number): LogSlice {
  const entries = Array.from({ length: Math.min(limit, count - after) }, (_, index) => {
    const sequence = after + 1 + index
    const event = { messageType: 'conversation', idEvent: `evt_${sequence}`, senderNumber: '34600111222' }
    return { sequence, body: JSON.stringify(event) }
  })
  return { entries, head: count, oldest: 1 }
}

/** Begins the read that is wanted now; it comes back when it is called. */
function beginRead(stream: Stream): () => void {
  const read = stream.nextRead()!
  return () => stream.take(read.purpose, read.after, readAfter(read.after, 100))
}

function readOn(stream: Stream): void {
  for (let round = 0; round < 10 && stream.nextRead(); round++) beginRead(stream)()
}

/** Sends everything, one by one, as it stands in its lane. */
function drain(stream: Stream): number[] {
  const sequences: number[] = []
  for (let next = stream.waiting.take(); next; next = stream.waiting.take()) {
    sequences.push(next.item.sequence)
    stream.settle(next.item)
    stream.waiting.finish(next.lane)
    readOn(stream)
  }
  return sequences
}

const all = Array.from({ length: count }, (_, index) => index + 1)

describe('what is read again', () => {
  it('is not lost when the configuration changes once more while the log is read', () => {
    const stream = makeStream()
    stream.reconsider(false)
    beginRead(stream)()
    const finishRead = beginRead(stream)
    stream.reconsider(false)
    finishRead()
    readOn(stream)
    expect(drain(stream)).toEqual(all)
    expect(stream.expired).toBe(0)
  })

  it('is not lost, and in order, when something before it is given back while the log is read', () => {
    const stream = makeStream()
    const { era } = stream
    const taken = stream.waiting.takeMany(50)
    stream.reconsider(false)
    const finishRead = beginRead(stream)
    stream.putBack(
      taken.map(({ item }) => item),
      era,
    )
    stream.waiting.finish(taken[0]!.lane)
    finishRead()
    readOn(stream)
    expect(drain(stream)).toEqual(all)
    expect(stream.expired).toBe(0)
  })
})
