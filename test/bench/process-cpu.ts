import { readFileSync } from 'node:fs'
import { median } from './stats.ts'

/** Linux counts in hundredths of a second, whatever the machine. */
const tickMs = 10

/** CPU milliseconds that a process has used since it began, all its threads together; told by Linux alone. */
function cpuMsOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold spaces; the state is the first field behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

export interface Pace {
  /** Events a second. */
  perSecond: number
  /** CPU milliseconds of the process an event. */
  cpuMs: number
}

/** How fast `run`, which tells how many events it dealt with, went, and what it cost the process. */
export async function measurePace(pid: number, run: () => Promise<number>): Promise<Pace> {
  const [startedAt, cpuBefore] = [performance.now(), cpuMsOf(pid)]
  const count = await run()
  const seconds = (performance.now() - startedAt) / 1000
  return { perSecond: count / seconds, cpuMs: (cpuMsOf(pid) - cpuBefore) / count }
}

/** The medians of both. */
export function medianPace(paces: Pace[]): Pace {
  return {
    perSecond: median(paces.map(({ perSecond }) => perSecond)),
    cpuMs: median(paces.map(({ cpuMs }) => cpuMs)),
  }
}
