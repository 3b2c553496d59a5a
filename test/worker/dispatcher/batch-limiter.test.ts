import { describe, expect, it } from 'vitest'
import { BatchLimiter } from '../../../worker/dispatcher/batch-limiter.ts'

const [one, two, three, four, five, six] = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => ({
  name,
}))
const url = 'https://quick.test/hook'

/** A limiter that four batches of six connections to a quick endpoint have filled. */
function makeFull(): BatchLimiter {
  const limiter = new BatchLimiter()
  for (const who of [one, two, three, four]) expect(limiter.enter(who!, 6, url, 0)).toBeNull()
  return limiter
}

/** Whether a turn has been called, once everything that follows from it by now has happened. */
async function isCalled(turn: Promise<void> | null): Promise<boolean> {
  const called = turn?.then(() => true) ?? Promise.resolve(false)
  return Promise.race([called, new Promise<false>((done) => setTimeout(done, 0, false))])
}

describe('the batches of an isolate', () => {
  it('are four at a time to quick endpoints; the next one is called when one of them ends', async () => {
    const limiter = makeFull()
    const turn = limiter.enter(five!, 6, url, 0)
    expect(await isCalled(turn)).toBe(false)
    limiter.leave(two!)
    expect(await isCalled(turn)).toBe(true)
    expect(limiter.enter(five!, 6, url, 1)).toBeNull()
    expect(limiter.enter(two!, 6, url, 1)).not.toBeNull()
  })

  it('are more when each takes fewer connections', () => {
    const limiter = new BatchLimiter()
    for (const who of [one, two, three, four, five, six]) expect(limiter.enter(who!, 3, url, 0)).toBeNull()
  })

  it('come in the order in which they have asked, whoever asks again first', async () => {
    const limiter = makeFull()
    const first = limiter.enter(five!, 6, url, 0)
    const second = limiter.enter(six!, 6, url, 0)
    limiter.leave(one!)
    expect(limiter.enter(six!, 6, url, 1)).not.toBeNull()
    expect(await isCalled(first)).toBe(true)
    expect(await isCalled(second)).toBe(false)
    expect(limiter.enter(five!, 6, url, 1)).toBeNull()
    expect(await isCalled(second)).toBe(false)
    limiter.leave(two!)
    expect(await isCalled(second)).toBe(true)
    expect(limiter.enter(six!, 6, url, 1)).toBeNull()
  })

  it('are called one after the other as long as there is room', async () => {
    const limiter = makeFull()
    const turns = [five, six].map((who) => limiter.enter(who!, 3, url, 0))
    limiter.leave(one!)
    expect(await isCalled(turns[0]!)).toBe(true)
    expect(limiter.enter(five!, 3, url, 0)).toBeNull()
    expect(await isCalled(turns[1]!)).toBe(true)
    expect(limiter.enter(six!, 3, url, 0)).toBeNull()
  })

  it('keep one promise while they wait, and get another when they were called in vain', async () => {
    const limiter = makeFull()
    const turn = limiter.enter(five!, 6, url, 0)
    expect(limiter.enter(five!, 6, url, 400)).toBe(turn)
    limiter.leave(one!)
    expect(await isCalled(turn)).toBe(true)
    expect(limiter.enter(five!, 12, url, 500)).not.toBe(turn)
  })

  it('hardly count while their endpoint takes its time, and nobody waits for it', () => {
    const limiter = new BatchLimiter()
    const slow = 'https://slow.test/hook'
    limiter.delivered(slow, 90, 0)
    limiter.delivered(slow, 60, 0)
    limiter.delivered(slow, 200, 0)
    const slowOnes = Array.from({ length: 19 }, () => ({}))
    for (const who of slowOnes) expect(limiter.enter(who, 6, slow, 0)).toBeNull()
    for (const who of [one, two, three]) expect(limiter.enter(who!, 6, url, 0)).toBeNull()
    expect(limiter.enter(four!, 6, url, 0)).not.toBeNull()
  })

  it('are let in alone, whatever is expected of them', () => {
    expect(new BatchLimiter().enter(one!, 600, url, 0)).toBeNull()
  })

  it('do not wait for one whose Dispatcher has died: not behind it, and not for its end', () => {
    const limiter = makeFull()
    expect(limiter.enter(five!, 6, url, 0)).not.toBeNull()
    limiter.leave(one!)
    expect(limiter.enter(six!, 6, url, 1500)).not.toBeNull()
    expect(limiter.enter(six!, 6, url, 1501)).toBeNull()
    expect(limiter.enter(five!, 6, url, 5000)).not.toBeNull()
    expect(limiter.enter(five!, 6, url, 5001)).toBeNull()
  })

  it('let others pass when they are not wanted any more', async () => {
    const limiter = makeFull()
    const turns = [five, six].map((who) => limiter.enter(who!, 6, url, 0))
    limiter.leave(five!)
    limiter.leave(one!)
    expect(await isCalled(turns[1]!)).toBe(true)
    expect(await isCalled(turns[0]!)).toBe(false)
    expect(limiter.enter(six!, 6, url, 0)).toBeNull()
  })
})
