import { describe, expect, it } from 'vitest'
import { LeastTimes } from '../../../worker/dispatcher/least-times.ts'

const url = 'https://one.test/hook'

describe('the least time of an address', () => {
  it('is the shortest of those of late, its own', () => {
    const times = new LeastTimes()
    expect(times.of(url)).toBeNull()
    for (const tookMs of [40, 20, 30]) times.add(url, tookMs, 1000)
    times.add('https://other.test/hook', 5, 1000)
    expect(times.of(url)).toBe(20)
  })

  it('is remembered for one to two minutes', () => {
    const times = new LeastTimes()
    times.add(url, 20, 0)
    times.add(url, 50, 60_000)
    expect(times.of(url)).toBe(20)
    times.add(url, 70, 119_999)
    expect(times.of(url)).toBe(20)
    times.add(url, 60, 120_000)
    expect(times.of(url)).toBe(50)
  })

  it('is forgotten when nothing has been heard for longer', () => {
    const times = new LeastTimes()
    times.add(url, 20, 0)
    times.add('https://other.test/hook', 5, 120_000)
    expect(times.of(url)).toBeNull()
  })
})
