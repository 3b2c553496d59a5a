import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatMs, percentile } from './stats.ts'

/** `f_type` of Linux's file systems in memory: tmpfs and ramfs. */
const inMemory = new Set([0x01021994, 0x858458f6])
const syncs = 300

/** A new directory for an installation's state: below `parent`, or where the system keeps temporary files. */
export function makeStateDirectory(parent: string = tmpdir()): string {
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, 'chatlink-bench-'))
}

/** Where the state lies, and how long a file of 4 KiB written there takes to be durable. */
export function describeState(parent: string = tmpdir()): string {
  mkdirSync(parent, { recursive: true })
  const kind = inMemory.has(statfsSync(parent).type) ? 'in memory' : 'on disk'
  const times = timeSyncs(parent)
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)].map(formatMs)
  return `The state lies ${kind}: 4 KiB written and \`fsync\`ed there take ${p50} (p50), ${p99} (p99).`
}

function timeSyncs(parent: string): number[] {
  const directory = makeStateDirectory(parent)
  const file = openSync(join(directory, 'sync'), 'w')
  const page = Buffer.alloc(4096, 1)
  const times = Array.from({ length: syncs }, () => {
    const startedAt = performance.now()
    writeSync(file, page)
    fsyncSync(file)
    return performance.now() - startedAt
  })
  closeSync(file)
  rmSync(directory, { recursive: true })
  return times
}
