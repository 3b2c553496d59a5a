import { expect, it } from 'vitest'
import { nameOfProcess, parseArguments } from '../../connector/processes.ts'

it.each([
  [[], 1],
  [['--processes', '4'], 4],
  [['--processes=64'], 64],
])('reads %j', (args, processes) => {
  expect(parseArguments(args)).toEqual({ ok: true, processes })
})

it.each([
  [['--processes', '0']],
  [['--processes', '65']],
  [['--processes', '1.5']],
  [['--processes', 'two']],
  [['--processes']],
  [['--process', '2']],
  [['4']],
])('refuses %j and says what is wanted', (args) => {
  expect(parseArguments(args)).toEqual({
    ok: false,
    problem: '--processes: give how many connectors to run here, 1 to 64',
  })
})

it('gives each process a name of its own', () => {
  expect(nameOfProcess('berlin', 0)).toBe('berlin-1')
  expect(nameOfProcess('berlin', 3)).toBe('berlin-4')
  expect(nameOfProcess(undefined, 0)).toBeUndefined()
})
