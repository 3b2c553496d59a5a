import type { MessageType } from '../../schema/event/event.ts'
import type { EventHead } from './match.ts'

/**
 * One event on its way to the subscriber. `live` for the first time, `retry` again after a failure, `replay` because a
 * tenant asked for a part of the log, `manual` because a tenant asked for this one.
 */
export interface Job {
  kind: 'live' | 'retry' | 'replay' | 'manual'
  sequence: number
  idEvent: string
  messageType: MessageType
  lane: string
  body: string
}

/** Makes the work of one event that is in hand. */
export function makeJob(
  kind: Job['kind'],
  lane: string,
  sequence: number,
  head: EventHead,
  body: string,
): Job {
  return { kind, sequence, idEvent: head.idEvent, messageType: head.messageType, lane, body }
}
