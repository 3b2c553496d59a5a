import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deadlines, type Bounded } from '../../../worker/dispatcher/deadlines.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A request that ends when it is told to, or by its deadline; the outcome says which. */
function begin(deadlines: Deadlines, withinMs: number) {
  let answer: () => void = () => undefined
  let bounded: Bounded | undefined
  const outcome = deadlines.bound(withinMs, (given) => {
    bounded = given
    return new Promise<'answered' | 'ended'>((resolve) => {
      answer = () => resolve('answered')
      given.signal.addEventListener('abort', () => resolve('ended'), { once: true })
    })
  })
  return { outcome, answer: () => answer(), bounded: bounded! }
}

describe('deadlines', () => {
  it('end the request whose time is over, and no other', async () => {
    const deadlines = new Deadlines()
    const long = begin(deadlines, 5000)
    const short = begin(deadlines, 1000)
    vi.advanceTimersByTime(1000)
    expect(await short.outcome).toBe('ended')
    expect(long.bounded.isOver).toBe(false)
    vi.advanceTimersByTime(4000)
    expect(await long.outcome).toBe('ended')
  })

  it('can be brought nearer, and never moved away', async () => {
    const deadlines = new Deadlines()
    const request = begin(deadlines, 5000)
    request.bounded.shorten(9000)
    request.bounded.shorten(1000)
    vi.advanceTimersByTime(999)
    expect(request.bounded.isOver).toBe(false)
    vi.advanceTimersByTime(1)
    expect(await request.outcome).toBe('ended')
  })

  it('give the next request its whole time, whatever the one before has left', async () => {
    const deadlines = new Deadlines()
    const first = begin(deadlines, 1000)
    vi.advanceTimersByTime(900)
    first.answer()
    expect(await first.outcome).toBe('answered')
    const second = begin(deadlines, 1000)
    vi.advanceTimersByTime(999)
    expect(second.bounded.isOver).toBe(false)
    second.answer()
    expect(await second.outcome).toBe('answered')
  })

  it('leave no timer behind when nothing is under way', async () => {
    const deadlines = new Deadlines()
    const requests = [begin(deadlines, 1000), begin(deadlines, 2000)]
    expect(vi.getTimerCount()).toBe(1)
    for (const { answer, outcome } of requests) {
      answer()
      await outcome
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  it('end everything at once when the sender goes away', async () => {
    const deadlines = new Deadlines()
    const requests = [begin(deadlines, 1000), begin(deadlines, 2000)]
    deadlines.endAll()
    expect(await Promise.all(requests.map(({ outcome }) => outcome))).toEqual(['ended', 'ended'])
    const later = begin(deadlines, 1000)
    expect(later.bounded.isOver).toBe(false)
    later.answer()
    expect(await later.outcome).toBe('answered')
  })
})
