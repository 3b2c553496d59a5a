import { collectGarbage } from './garbage.ts'

/** How much of files passes between two collections. */
const collectBytes = 4 * 1024 * 1024

let passedBytes = 0
const collectEveryMs = 20

/**
 * To be told of each chunk of a file that passes. The chunks lie outside V8's heap, and V8 lets some 64 MiB of them gather
 * before it looks for those that nobody needs; here the young ones, which they all are, are looked through each few MiB.
 */
export function notePassed(bytes: number): void {
  passedBytes += bytes
  if (passedBytes < collectBytes) return
  passedBytes = 0
  collectGarbage({ type: 'minor' })
}

/** The same while something streams files of which the chunks are not seen: Baileys' uploads. */
export async function collectMeanwhile<Result>(work: Promise<Result>): Promise<Result> {
  const timer = setInterval(() => collectGarbage({ type: 'minor' }), collectEveryMs)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
