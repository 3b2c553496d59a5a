import { randomUUID } from 'node:crypto'

let count = 0

/** A text in a chat. */
export function text(value: string, chat = '34600111222', given: Record<string, unknown> = {}) {
  count++
  return {
    messageType: 'conversation',
    idEvent: `evt_${randomUUID().replaceAll('-', '')}`,
    senderNumber: `${chat}@s.whatsapp.net`,
    senderName: 'Ana',
    messageTimestamp: 1767225600,
    isMessageFromGroup: false,
    idMessage: `3EB0${count}`,
    value,
    ...given,
  }
}

export function range(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
}
