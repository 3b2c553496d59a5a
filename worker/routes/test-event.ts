import { events, type MessageType } from '../../schema/event/event.ts'
import { randomId } from '../random-id.ts'

/** The event that the test button sends: the contract's own example, marked as a test. */
export function makeTestEvent(messageType: MessageType): { idEvent: string; body: string } {
  const idEvent = randomId('evt')
  const [example] = events[messageType].meta()?.['examples'] as [Record<string, unknown>]
  return { idEvent, body: JSON.stringify({ ...example, idEvent, isTest: true }) }
}
