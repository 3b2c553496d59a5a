import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { events } from '../../schema/event/event.ts'
import { OutgoingMessage } from '../../schema/outgoing.ts'

const fromHere = (path: string) => new URL(`../../${path}`, import.meta.url)
const document = readFileSync(fromHere('docs/whatsapp.md'), 'utf8')
const section = /## Every type, and the test that proves it\n([^]*?)\n## /.exec(document)![1]!
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([type, ...cells]) => ({ type: type!.replaceAll('`', ''), cells }))
const tests = new Map(
  [...section.matchAll(/^- ([A-Z]) `([^`]+)`/gm)].map(([, letter, path]) => [letter!, path!]),
)
const reasons = new Set([...section.matchAll(/^(\d+)\. /gm)].map(([, number]) => number!))
const outgoing = OutgoingMessage.options.map((option) => option.shape.messageType.value)

describe('the table of types', () => {
  it('has each type that is received or sent once', () => {
    const types = rows.map(({ type }) => type)
    expect(types.toSorted()).toEqual([...new Set([...Object.keys(events), ...outgoing])].toSorted())
  })

  it.each(rows)('has a test or a reason in each cell: $type', ({ cells }) => {
    expect(cells).toHaveLength(7)
    for (const cell of cells) {
      const reason = /^– (\d+)$/.exec(cell)?.[1]
      if (reason !== undefined) expect(reasons).toContain(reason)
      else for (const letter of cell.split(', ')) expect([...tests.keys()]).toContain(letter)
    }
  })

  it.each(rows.filter(({ type }) => outgoing.includes(type as never)))(
    'has a test for what is sent: $type',
    ({ cells }) => {
      expect(cells.slice(-2).join()).not.toContain('–')
    },
  )

  it.each([...tests])('names a test that there is, and uses it: %s', (letter, path) => {
    expect(existsSync(fromHere(path))).toBe(true)
    expect(rows.some(({ cells }) => cells.join(', ').split(', ').includes(letter))).toBe(true)
  })

  it('uses each reason', () => {
    const used = rows.flatMap(({ cells }) => cells.flatMap((cell) => /^– (\d+)$/.exec(cell)?.[1] ?? []))
    expect([...new Set(used)].toSorted()).toEqual([...reasons].toSorted())
  })
})
