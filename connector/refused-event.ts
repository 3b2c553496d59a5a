import type { EventEntry } from '../schema/link.ts'

/** What says which message it is, and nothing of its content. */
const fields = [
  'idSession',
  'idEvent',
  'idMessage',
  'senderNumber',
  'senderName',
  'participant',
  'lid',
  'messageTimestamp',
  'isMessageFromGroup',
  'isFromMe',
  'isHistory',
]

/**
 * Instead of an event that the Session refuses even alone: that there was a message, without its content. What is no
 * message leaves nothing.
 */
export function withoutContent({ event, proof }: EventEntry): EventEntry[] {
  if (event['idMessage'] === undefined || event['senderName'] === undefined) return []
  const kept = Object.fromEntries(fields.flatMap((name) => (name in event ? [[name, event[name]]] : [])))
  const told = {
    ...kept,
    messageType: 'unsupportedMessage',
    wireType: String(event['messageType']),
    unsupportedReason: 'malformed',
  }
  return [{ event: told, ...(proof !== undefined && { proof }) }]
}
