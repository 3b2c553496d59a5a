import type { Missed } from './record.ts'

/**
 * Parts of the log that a subscription was never tried with: what came before it was made, and what was skipped when it was
 * enabled again. A replay of what failed covers them too.
 */
const maxRanges = 3000

/** Adds ranges; more than the bound are drawn together into one that covers them all. */
export function addMissed(missed: readonly Missed[], added: readonly Missed[]): Missed[] {
  const all = [...missed, ...added.filter(({ after, through }) => through > after)]
  if (all.length <= maxRanges) return all
  const after = Math.min(...all.map((range) => range.after))
  const through = Math.max(...all.map((range) => range.through))
  return [{ after, through, lane: null }]
}

/** Takes a part of the log out of them. */
export function subtractMissed(missed: readonly Missed[], after: number, through: number): Missed[] {
  return missed.flatMap((range) => {
    if (range.through <= after || range.after >= through) return [range]
    const before = { ...range, through: after }
    const behind = { ...range, after: through }
    return [before, behind].filter((part) => part.through > part.after)
  })
}

/** Whether an event belongs to them. `lanes`: those that it may stand in. */
export function isMissed(missed: readonly Missed[], sequence: number, lanes: readonly string[]): boolean {
  return missed.some(
    ({ after, through, lane }) =>
      sequence > after && sequence <= through && (lane === null || lanes.includes(lane)),
  )
}

/** The first sequence after `position` that may belong to them; null when none does. */
export function nextMissed(missed: readonly Missed[], position: number): number | null {
  let next: number | null = null
  for (const { after, through } of missed) {
    if (through <= position) continue
    const first = Math.max(after, position) + 1
    if (next === null || first < next) next = first
  }
  return next
}
