import type { WaitingReason } from '../../schema/api/placement.ts'

/** What a session shows while no connector runs it; nothing of it otherwise. */
export interface Waiting {
  waitingReason?: WaitingReason
  waitingText?: string
}

const texts: Record<WaitingReason, string> = {
  noConnector:
    'No connector is there to run this session. Whoever runs this installation has to start one; the session then goes on by itself.',
  noRoom:
    'All connectors are full, leaving or failing, so none runs this session. Whoever runs this installation has to start another or raise a capacity; the session then goes on by itself.',
}

/** Tells why a session waits, and what helps. */
export function describeWaiting(reason: WaitingReason | null): Waiting {
  return reason === null ? {} : { waitingReason: reason, waitingText: texts[reason] }
}
