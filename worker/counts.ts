import type { MessageType } from '../schema/event/event.ts'
import type { SessionState } from '../schema/event/session.ts'
import type { AttemptError } from './dispatcher/outcome.ts'
import type { DeadReason } from './dispatcher/record.ts'

/** What is counted, by the label that divides it; `''` where none does. */
export interface Counted {
  events: MessageType
  invalidEvents: ''
  stateChanges: SessionState
  attempts: 'delivered' | AttemptError
  attemptSeconds: ''
  deadLetters: DeadReason
}
export type CountName = keyof Counted
export type Counts = { [Name in CountName]?: Partial<Record<Counted[Name], number>> }

/** How long counts may stay where they were made. */
const flushEveryMs = 60_000

interface CountKeeper {
  addCounts(counts: Counts): Promise<unknown>
}

let counts: Counts = {}
let isCounted = false
let flushedAt = 0

/** Counts something that has happened. In memory: an isolate that ends takes the counts of its last minute with it. */
export function count<Name extends CountName>(name: Name, label: Counted[Name], by = 1): void {
  const of: Partial<Record<Counted[Name], number>> = (counts[name] ??= {})
  of[label] = (of[label] ?? 0) + by
  isCounted = true
}

/** Takes what this isolate has counted. */
export function takeCounts(): Counts {
  const taken = counts
  counts = {}
  isCounted = false
  return taken
}

/** Adds counts to others, in place. */
export function addCounts(to: Counts, more: Counts): void {
  for (const [name, labels] of Object.entries(more)) {
    const of = ((to as Record<string, Record<string, number>>)[name] ??= {})
    for (const [label, by] of Object.entries(labels)) of[label] = (of[label] ?? 0) + by
  }
}

/** Brings the counts to the Fleet, once in a while for a whole isolate; null when there is nothing to bring now. */
export function flushCounts(fleet: () => CountKeeper, now: number): Promise<void> | null {
  flushedAt ||= now
  if (!isCounted || now - flushedAt < flushEveryMs) return null
  flushedAt = now
  return bring(fleet())
}

async function bring(fleet: CountKeeper): Promise<void> {
  const taken = takeCounts()
  try {
    await fleet.addCounts(taken)
  } catch {
    addCounts(counts, taken)
    isCounted = true
  }
}
