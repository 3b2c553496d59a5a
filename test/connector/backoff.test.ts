import { expect, it } from 'vitest'
import { Pauses } from '../../connector/backoff.ts'

/** The longest pauses after connections that were open for so long, one after another; `undefined` was never. */
function longest(openMs: (number | undefined)[]): number[] {
  const pauses = new Pauses()
  return openMs.map((each) => {
    pauses.ended(each)
    return pauses.next(() => 1)
  })
}

const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)

it('waits up to a minute before it tries again to connect where WhatsApp turns it away', () => {
  expect(longest(times(10, undefined))).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ])
})

it('waits five seconds at most while WhatsApp lets it in and the connections break', () => {
  expect(longest(times(7, 100))).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000])
})

it('waits no longer for a connection that broke in its login because many open ones had broken before', () => {
  expect(longest([...times(20, 100), undefined]).at(-1)).toBe(500)
})

it('begins anew after a connection that stood, and spares WhatsApp less once it has let the account in', () => {
  expect(longest([...times(6, 100), 11_000, 100])).toEqual([500, 1000, 2000, 4000, 5000, 5000, 500, 1000])
  expect(longest([...times(9, undefined), 100, undefined])).toEqual([
    500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 500, 500,
  ])
})

it('spreads the tries of those who lost the same peer over half of the pause', () => {
  const pauses = new Pauses()
  for (let count = 0; count < 3; count++) pauses.ended(100)
  expect(pauses.next(() => 0)).toBe(1000)
  expect(pauses.next(() => 0.5)).toBe(1500)
})
