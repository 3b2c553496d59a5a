const pinoLevels: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const unseen = new Set(['level', 'time', 'timestamp', 'pid', 'hostname', 'msg', 'message', 'v'])

/** A line of a part's log for people: JSON becomes `LEVEL message key=value …`; other lines stay as they are. */
export function formatLogLine(line: string): string {
  if (!line.startsWith('{')) return line
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const level =
    typeof entry['level'] === 'number' ? (pinoLevels[entry['level']] ?? '') : (entry['level'] ?? '')
  const message = entry['msg'] ?? entry['message']
  const details = Object.entries(entry)
    .filter(([name, value]) => !unseen.has(name) && value !== undefined && value !== null)
    .map(
      ([name, value]) =>
        `${name}=${typeof value === 'string' ? quoteIfNeeded(value) : JSON.stringify(value)}`,
    )
  return [level, message, ...details].filter((part) => typeof part === 'string' && part !== '').join(' ')
}

function quoteIfNeeded(value: string): string {
  return /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)
}
