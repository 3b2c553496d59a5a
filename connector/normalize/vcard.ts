/**
 * As much of vCard (RFC 6350, and 2.1 and 3.0 as telephones write it) as its telephone numbers need. Cards come from
 * strangers: everything is one pass over lines, and what is found is bounded.
 */
const maxNumbers = 64
const maxNumberLength = 64

/** Lines with their continuations joined: a line that begins with a space or a tab goes on the one before. */
function unfold(vcard: string): string[] {
  return vcard.replace(/\r?\n[ \t]/g, '').split(/\r\n|\r|\n/)
}

/** A property line: `item1.TEL;type=CELL;waid=34600111222:+34 600 111 222`. */
function parseLine(line: string): { name: string; parameters: string[]; value: string } | undefined {
  const colon = findColon(line)
  if (colon < 0) return undefined
  const [head = '', ...parameters] = line.slice(0, colon).split(';')
  const name = head.slice(head.lastIndexOf('.') + 1).trim()
  return { name: name.toUpperCase(), parameters, value: line.slice(colon + 1).trim() }
}

/** The colon that ends the parameters: one within quotes does not. */
function findColon(line: string): number {
  let isQuoted = false
  for (let index = 0; index < line.length; index += 1) {
    if (line[index] === '"') isQuoted = !isQuoted
    else if (line[index] === ':' && !isQuoted) return index
  }
  return -1
}

/** The telephone numbers: WhatsApp's own form (`waid`) when the card has it, else as written. Each once. */
export function readNumbers(vcard: string): string[] {
  const numbers = new Set<string>()
  for (const line of unfold(vcard)) {
    const property = parseLine(line)
    if (property?.name !== 'TEL') continue
    const waid = property.parameters
      .map((text) => /^\s*waid\s*=\s*"?(\d{1,32})"?\s*$/i.exec(text)?.[1])
      .find(Boolean)
    const number =
      waid ?? property.value.replace(/^tel:/i, '').split(';', 1)[0]!.slice(0, maxNumberLength).trim()
    if (number !== '') numbers.add(number.toWellFormed())
    if (numbers.size === maxNumbers) break
  }
  return [...numbers]
}

const binaryProperties = new Set(['PHOTO', 'LOGO', 'SOUND', 'KEY'])

/** The card without pictures, sounds and keys, which are most of a large one. */
export function withoutBinary(vcard: string): string {
  return unfold(vcard)
    .filter((line) => !binaryProperties.has(parseLine(line)?.name ?? ''))
    .join('\n')
}

/** The name on the card. */
export function readName(vcard: string): string {
  for (const line of unfold(vcard)) {
    const property = parseLine(line)
    if (property?.name === 'FN') return property.value
  }
  return ''
}
