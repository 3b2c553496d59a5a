import { expect, it } from 'vitest'
import { reconnectAfterMs } from '../../connector/backoff.ts'

const longest = (wasLetIn: boolean) =>
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 50].map((attempt) => reconnectAfterMs(attempt, wasLetIn, () => 1))

it('waits up to a minute before it tries again to connect where WhatsApp turns it away', () => {
  expect(longest(false)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

it('waits five seconds at most while WhatsApp lets it in and the connections break', () => {
  expect(longest(true)).toEqual([500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000, 5000])
})

it('spreads the tries of those who lost the same peer over half of the pause', () => {
  expect(reconnectAfterMs(3, true, () => 0)).toBe(1000)
  expect(reconnectAfterMs(3, true, () => 0.5)).toBe(1500)
})
