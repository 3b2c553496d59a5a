import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lanes } from '../../../worker/dispatcher/lanes.ts'

type Step = { add: string } | 'take' | { finish: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.constant('take' as const),
    fc.record({ finish: fc.nat(3) }),
  ),
  { maxLength: 200 },
)

describe('lanes', () => {
  it('gives each lane its items in order, one at a time, and forgets none', () => {
    fc.assert(
      fc.property(steps, (plan) => {
        const lanes = new Lanes<number>()
        const busy: string[] = []
        const added: { lane: string; item: number }[] = []
        const taken: { lane: string; item: number }[] = []
        const take = () => {
          const next = lanes.take()
          if (!next) return false
          expect(busy).not.toContain(next.lane)
          busy.push(next.lane)
          taken.push(next)
          return true
        }
        for (const step of plan) {
          if (step === 'take') take()
          else if ('add' in step) {
            added.push({ lane: step.add, item: added.length })
            lanes.add(step.add, added.length - 1)
          } else {
            const [lane] = busy.splice(step.finish % Math.max(1, busy.length), 1)
            if (lane !== undefined) lanes.finish(lane)
          }
          expect(lanes.size).toBe(added.length - taken.length)
        }
        do for (const lane of busy.splice(0)) lanes.finish(lane)
        while (take())
        for (const lane of ['a', 'b', 'c', 'd']) {
          const of = (list: typeof added) => list.filter((one) => one.lane === lane).map(({ item }) => item)
          expect(of(taken)).toEqual(of(added))
        }
      }),
    )
  })

  it('gives many at once, several of a lane in its order, and takes back what was not begun', () => {
    const lanes = new Lanes<string>()
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) lanes.add(item.charAt(0), item)
    lanes.take()
    const many = lanes.takeMany(3).map(({ item }) => item)
    expect(many).toEqual(['b1', 'c1', 'c2'])
    lanes.add('c', 'c3')
    expect(lanes.takeMany(3)).toEqual([])
    lanes.putBack('c', 'c2')
    lanes.finish('c')
    lanes.finish('a')
    expect(lanes.size).toBe(4)
    expect(lanes.takeMany(9).map(({ item }) => item)).toEqual(['c2', 'a2', 'c3', 'a3'])
  })

  it('drops what waits in a lane and nothing else', () => {
    const lanes = new Lanes<string>()
    for (const item of ['a1', 'b1', 'a2', 'a3']) lanes.add(item.charAt(0), item)
    expect(lanes.take()).toEqual({ lane: 'a', item: 'a1' })
    expect(lanes.drop('a')).toEqual(['a2', 'a3'])
    lanes.finish('a')
    expect(lanes.take()).toEqual({ lane: 'b', item: 'b1' })
    expect(lanes.take()).toBeNull()
    expect(lanes.size).toBe(0)
  })
})
