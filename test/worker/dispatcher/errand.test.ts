import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Errand, type Report } from '../../../worker/dispatcher/errand.ts'
import type { Answer } from '../../../worker/dispatcher/outcome.ts'

const delivered: Answer = {
  kind: 'answer',
  status: 200,
  retryAfter: null,
  webhookDelivery: null,
  excerpt: '',
}
const refused: Answer = { ...delivered, status: 500 }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const beginWithinMs = 100

/** An errand with events in these lanes, whose requests are answered by hand. */
function begin(lanes: string[], connections = 6) {
  const begun: number[] = []
  const answers: ((answer: Answer) => void)[] = []
  const reports: Report[] = []
  const events = lanes.map((lane, index) => ({ lane, idEvent: String(index), body: '' }))
  const destination = { url: 'https://one.example', secrets: [], headers: {} }
  const request = { destination, connections, timeoutMs: 1000, beginWithinMs, events }
  const errand = new Errand(request, ({ idEvent }) => {
    begun.push(Number(idEvent))
    return new Promise((resolve) => (answers[Number(idEvent)] = resolve))
  })
  const last = errand.run(async (report) => {
    reports.push(report)
  })
  const answer = async (index: number, with_: Answer = delivered) => {
    answers[index]?.(with_)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { begun, reports, last, answer }
}

const indexes = ({ sent }: Report) => sent.map(({ index }) => index)

describe('an errand', () => {
  it('sends each lane in order, within its connections, and tells of each event once, whatever comes back when', async () => {
    const plan = fc.record({
      lanes: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 30 }),
      connections: fc.integer({ min: 1, max: 6 }),
      choices: fc.array(fc.record({ which: fc.nat(5), isRefused: fc.boolean() }), { maxLength: 40 }),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ lanes, connections, choices }) => {
        const { begun, last, answer, reports } = begin(lanes, connections)
        const done: number[] = []
        let failedAt: number | null = null
        const next = { at: 0 }
        for (;;) {
          const underWay = begun.filter((index) => !done.includes(index))
          expect(underWay.length).toBeLessThanOrEqual(connections)
          expect(new Set(underWay.map((index) => lanes[index])).size).toBe(underWay.length)
          if (failedAt !== null) expect(begun.length).toBe(failedAt)
          if (underWay.length === 0) break
          const choice = choices[next.at++] ?? { which: 0, isRefused: false }
          const index = underWay[choice.which % underWay.length]!
          if (choice.isRefused) failedAt ??= begun.length
          done.push(index)
          await answer(index, choice.isRefused ? refused : delivered)
        }
        const report = await last
        expect(reports).toEqual([])
        expect(indexes(report)).toEqual(done)
        expect(report.underWay).toEqual([])
        if (failedAt === null) expect(begun.length).toBe(lanes.length)
        for (const lane of lanes) {
          const order = begun.filter((index) => lanes[index] === lane)
          expect(order).toEqual(order.toSorted((one, other) => one - other))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('begins nothing when its time is over, and tells what is done and what is still under way', async () => {
    const { begun, reports, last, answer } = begin(['a', 'a', 'b', 'c'], 3)
    await answer(2)
    await vi.advanceTimersByTimeAsync(beginWithinMs)
    expect(reports.map((report) => [indexes(report), report.underWay])).toEqual([[[2], [0, 3]]])
    await answer(0)
    expect(reports.slice(1).map((report) => [indexes(report), report.underWay])).toEqual([[[0], [3]]])
    await answer(3)
    expect(indexes(await last)).toEqual([3])
    expect(begun).toEqual([0, 2, 3])
  })

  it('ends when an endpoint takes an event and asks to be disabled', async () => {
    const { begun, last, answer } = begin(['a', 'b'], 1)
    await answer(0, { ...delivered, webhookDelivery: 'disable' })
    expect(indexes(await last)).toEqual([0])
    expect(begun).toEqual([0])
  })
})
