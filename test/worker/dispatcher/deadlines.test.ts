import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deadlines } from '../../../worker/dispatcher/deadlines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('deadlines', () => {
  it('end the request whose time is over, and no other', () => {
    const deadlines = new Deadlines('abortedBySignal')
    const long = deadlines.begin(5000)
    const short = deadlines.begin(1000)
    vi.advanceTimersByTime(1000)
    expect(short).toMatchObject({ isOver: true, signal: { aborted: true } })
    expect(long).toMatchObject({ isOver: false, signal: { aborted: false } })
    vi.advanceTimersByTime(4000)
    expect(long).toMatchObject({ isOver: true, signal: { aborted: true } })
  })

  it('can be brought nearer, and never moved away', () => {
    const deadlines = new Deadlines('abortedBySignal')
    const request = deadlines.begin(5000)
    request.shorten(9000)
    request.shorten(1000)
    vi.advanceTimersByTime(999)
    expect(request.isOver).toBe(false)
    vi.advanceTimersByTime(1)
    expect(request.isOver).toBe(true)
    const other = deadlines.begin(5000)
    other.shorten(9000)
    vi.advanceTimersByTime(5000)
    expect(other.isOver).toBe(true)
  })

  it('leave alone what has ended in time', () => {
    const deadlines = new Deadlines('abortedBySignal')
    const ended = deadlines.begin(1000)
    const running = deadlines.begin(2000)
    deadlines.finish(ended)
    vi.advanceTimersByTime(2000)
    expect(ended.signal?.aborted).toBe(false)
    expect(running.signal?.aborted).toBe(true)
  })

  it('leave no timer behind when nothing is under way', () => {
    const deadlines = new Deadlines('abortedBySignal')
    const requests = [deadlines.begin(1000), deadlines.begin(2000)]
    expect(vi.getTimerCount()).toBe(1)
    for (const request of requests) deadlines.finish(request)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('end everything at once when the sender goes away', () => {
    const deadlines = new Deadlines('abortedBySignal')
    const requests = [deadlines.begin(1000), deadlines.begin(2000)]
    deadlines.endAll()
    expect(requests.map(({ isOver }) => isOver)).toEqual([true, true])
    expect(deadlines.begin(1000).isOver).toBe(false)
  })
})
