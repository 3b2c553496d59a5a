import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { limits } from '../../openapi/limits.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const document = read('docs/limits.md')
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([what, value, setIn, , testedIn]) => ({
    what: what!,
    value: value!,
    setIn: setIn!,
    testedIn: testedIn!,
  }))
const named = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)

/** Bytes, seconds or a count, as they are written for people. */
function parse(text: string): number {
  const [number, unit] = text.split(' ')
  return Number(number) * { MiB: 1024 ** 2, KiB: 1024, s: 1 }[unit ?? 's']!
}

/** What a constant is set to in a source file; a product of numbers at most. */
function readConstant(path: string, name: string): number {
  const value = new RegExp(`const ${name} = ([\\d_ *]+)$`, 'm').exec(read(path))?.[1]
  return value!.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1)
}

describe('the list of limits', () => {
  it.each(rows)('has the value that is set: $what', ({ value, setIn }) => {
    const [path, name] = named(setIn)
    const unit = name!.endsWith('Ms') ? 1000 : 1
    expect(parse(value) * unit).toBe(readConstant(path!, name!))
  })

  it.each(rows)('names the tests that there are: $what', ({ testedIn }) => {
    const tests = named(testedIn)
    expect(tests.length).toBeGreaterThan(0)
    for (const test of tests) expect(existsSync(new URL(`../../${test}`, import.meta.url)), test).toBe(true)
  })

  it('has every limit that the OpenAPI document tells', () => {
    const told = rows.map(({ what }) => what)
    for (const { what } of limits) expect(told.join('\n')).toContain(what)
  })
})
