import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseConnector, chooseMove, reconcileConnector } from '../../../worker/fleet/placement.ts'

const candidate = fc.record({
  idConnector: fc.string({ minLength: 1, maxLength: 4 }),
  capacity: fc.integer({ min: 1, max: 20 }),
  load: fc.integer({ min: 0, max: 25 }),
  isDraining: fc.boolean(),
})
const candidates = fc.uniqueArray(candidate, { selector: ({ idConnector }) => idConnector, maxLength: 8 })

describe('chooseConnector', () => {
  it('never chooses one that is full, draining or to be avoided, and finds one whenever there is one', () => {
    fc.assert(
      fc.property(candidates, fc.string({ maxLength: 4 }), (all, avoid) => {
        const fit = all.filter(
          ({ idConnector, isDraining, load, capacity }) =>
            !isDraining && load < capacity && idConnector !== avoid,
        )
        const chosen = chooseConnector(all, avoid)
        if (fit.length === 0) expect(chosen).toBeNull()
        else expect(fit.map(({ idConnector }) => idConnector)).toContain(chosen)
      }),
    )
  })

  it('chooses the one with the most room, whatever their order', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const chosen = all.find(({ idConnector }) => idConnector === chooseConnector(all))
        for (const other of all) {
          if (chosen && !other.isDraining) {
            expect(chosen.capacity - chosen.load).toBeGreaterThanOrEqual(other.capacity - other.load)
          }
        }
        expect(chooseConnector(all.toReversed())).toBe(chooseConnector(all))
      }),
    )
  })
})

describe('chooseMove', () => {
  it('evens the room out in as few moves as can be, and then moves nothing', () => {
    fc.assert(
      fc.property(candidates, (all) => {
        const connectors = new Map(all.map((each) => [each.idConnector, { ...each }]))
        const roomOf = (id: string) => connectors.get(id)!.capacity - connectors.get(id)!.load
        const gains = new Map<string, number>()
        for (let next = chooseMove(connectors.values()); next; next = chooseMove(connectors.values())) {
          expect(roomOf(next.to) - roomOf(next.from)).toBeGreaterThan(1)
          connectors.get(next.from)!.load -= 1
          connectors.get(next.to)!.load += 1
          for (const [id, gain] of [
            [next.from, -1],
            [next.to, 1],
          ] as const) {
            // None both gives and takes: that would be a move too many.
            expect((gains.get(id) ?? 0) * gain).toBeGreaterThanOrEqual(0)
            gains.set(id, (gains.get(id) ?? 0) + gain)
          }
        }
        const there = [...connectors.values()].filter(({ isDraining }) => !isDraining)
        const mostRoom = Math.max(0, ...there.map(({ idConnector }) => roomOf(idConnector)))
        for (const { idConnector, load } of there) {
          if (load > 0 && mostRoom > 0) expect(mostRoom - roomOf(idConnector)).toBeLessThan(2)
        }
      }),
    )
  })
})

describe('reconcileConnector', () => {
  const assignments = new Map([
    ['own', { idConnector: 'a' }],
    ['own-idle', { idConnector: 'a' }],
    ['online', { idConnector: 'b' }],
    ['offline', { idConnector: 'c' }],
    ['waiting', { idConnector: null }],
  ])

  it('keeps what it runs unless another that is there has it or nobody wants it', () => {
    const running = ['own', 'online', 'offline', 'waiting', 'unwanted']
    const result = reconcileConnector('a', running, assignments, (id) => id === 'b')
    expect(result).toEqual({
      run: ['own-idle'],
      release: ['online', 'unwanted'],
      adopt: ['offline', 'waiting'],
    })
  })
})
