import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))

/** Puts the result of a part between its marks in docs/performance.md. */
export function writeResult(part: string, result: string): void {
  const text = readFileSync(path, 'utf8')
  const [open, close] = [`<!-- bench ${part} -->`, `<!-- /bench ${part} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start) throw new Error(`docs/performance.md has no ${open} … ${close}`)
  writeFileSync(path, `${text.slice(0, start)}${open}\n\n${result.trim()}\n\n${text.slice(end)}`)
}
