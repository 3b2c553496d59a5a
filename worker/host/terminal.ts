import { formatLogLine } from './log-line.ts'

/** On a terminal, unless `NO_COLOR` asks for none. */
export const hasColours = process.stdout.isTTY && !process.env['NO_COLOR']
const paint = (code: number) => (text: string) => (hasColours ? `\u001b[${code}m${text}\u001b[0m` : text)

/** Colours, on a terminal alone. */
export const colour = {
  bold: paint(1),
  dim: paint(2),
  red: paint(31),
  green: paint(32),
  yellow: paint(33),
  cyan: paint(36),
}

type PrintTo = (label: string, line: string, print?: (text: string) => void) => void

/** Prints a part's line under its label. */
export const printLine: PrintTo = (label, line, print = console.log) => {
  if (line.trim() === '' || isNoise(line)) return
  print(`${colour.dim(label.padEnd(9))} ${formatLogLine(line)}`)
}

/** workerd's native stack traces: addresses in its own binary. */
function isNoise(line: string): boolean {
  return /^stack: .*workerd@/.test(line)
}
