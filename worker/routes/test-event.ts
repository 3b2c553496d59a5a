import { events, type MessageType } from '../../schema/event/event.ts'
import { randomId } from '../random-id.ts'

/** The event that the test button sends: the contract's own example, marked as a test. */
export function makeTestEvent(messageType: MessageType): { idEvent: string; body: string } {
  const idEvent = randomId('evt')
  const { examples } = events[messageType].meta() as unknown as { examples: [Record<string, unknown>] }
  const [example] = examples
  return { idEvent, body: JSON.stringify({ ...example, idEvent, isTest: true }) }
}
