import { afterEach, describe, expect, it, vi } from 'vitest'
import { DispatcherWakes, type Wake } from '../../../worker/session/wakes.ts'

afterEach(() => {
  vi.useRealTimers()
})

function makeWakes() {
  const calls: { wake: Wake; resolve: () => void; reject: (error: Error) => void }[] = []
  let head = 0
  const target = {
    wake: (wake: Wake) => new Promise<void>((resolve, reject) => calls.push({ wake, resolve, reject })),
  }
  const wakes = new DispatcherWakes(
    () => target,
    () => head,
    () => {},
  )
  const grow = (size = 10) => ({ sequence: ++head, body: 'x'.repeat(size) })
  const answer = async (index: number) => {
    calls[index]?.resolve()
    await Promise.resolve()
    await Promise.resolve()
  }
  return { wakes, calls, grow, answer }
}

const sequences = (wake: Wake | undefined) => wake?.entries.map(({ sequence }) => sequence)

/** The first call of a life tells the head alone. */
async function begun() {
  const made = makeWakes()
  void made.wakes.announce('sub_a', [])
  await made.answer(0)
  return made
}

describe('DispatcherWakes', () => {
  it('tells the head alone first, because an earlier life may have told less', async () => {
    const { wakes, calls, grow } = makeWakes()
    void wakes.announce('sub_a', [grow()])
    expect(calls[0]?.wake).toEqual({ head: 1, entries: [] })
  })

  it('gathers what is logged during a call for the next', async () => {
    const { wakes, calls, grow, answer } = await begun()
    void wakes.announce('sub_a', [grow()])
    void wakes.announce('sub_a', [grow()])
    void wakes.announce('sub_a', [grow(), grow()])
    expect(calls).toHaveLength(2)
    expect(sequences(calls[1]?.wake)).toEqual([1])
    await answer(1)
    expect(sequences(calls[2]?.wake)).toEqual([2, 3, 4])
  })

  it('keeps unwanted entries for the next call, so that there is no hole', async () => {
    const { wakes, calls, grow } = await begun()
    void wakes.announce('sub_a', [grow()], false)
    expect(calls).toHaveLength(1)
    void wakes.announce('sub_a', [grow()])
    expect(sequences(calls[1]?.wake)).toEqual([1, 2])
  })

  it('tells the head alone when too much has gathered', async () => {
    const { wakes, calls, grow, answer } = await begun()
    void wakes.announce('sub_a', [grow()])
    for (let index = 0; index < 10; index++) void wakes.announce('sub_a', [grow(100_000)])
    await answer(1)
    expect(calls[2]?.wake).toEqual({ head: 11, entries: [] })
  })

  it('repeats a failed call later, with the head alone', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const { wakes, calls, grow } = await begun()
    const failing = wakes.announce('sub_a', [grow()])
    calls[1]?.reject(new Error('away'))
    await failing
    const at = wakes.nextRetry() ?? 0
    expect(at).toBeGreaterThan(1_000_000)
    expect(wakes.retry(at - 1)).toHaveLength(0)
    void wakes.retry(at)
    expect(calls[2]?.wake).toEqual({ head: 1, entries: [] })
  })

  it('does not let one wait for another', async () => {
    const { wakes, calls, grow } = await begun()
    void wakes.announce('sub_b', [])
    const entry = grow()
    void wakes.announce('sub_a', [entry])
    expect(calls).toHaveLength(3)
  })
})
