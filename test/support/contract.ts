import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { Event } from '../../schema/event/event.ts'
import type { AnyEvent } from './receiver.ts'

/** The customer's own document, written down a second time on purpose: an error in `schema/` must not hide itself. */
const everyEvent = { idSession: z.string().min(1), messageType: z.string().min(1) }
const everyMessage = {
  senderNumber: z.string().regex(/^\d+(-\d+)?@(s\.whatsapp\.net|g\.us|lid)$/),
  senderName: z.string(),
  messageTimestamp: z.int().positive(),
  isMessageFromGroup: z.boolean(),
}
const everyFile = { idFile: z.string().min(1), mimetype: z.string().min(1), caption: z.string() }
const fileMessage = z.looseObject({ ...everyEvent, ...everyMessage, ...everyFile })
const customerContract: Record<string, z.ZodType> = {
  sessionUpdate: z.looseObject({
    ...everyEvent,
    action: z.enum(['connected', 'loggedOut', 'newQR', 'started', 'stopped', 'destroyed']),
  }),
  conversation: z.looseObject({ ...everyEvent, ...everyMessage, value: z.string() }),
  imageMessage: fileMessage,
  audioMessage: fileMessage,
  stickerMessage: fileMessage,
  documentMessage: fileMessage,
  videoMessage: fileMessage,
  contactMessage: z.looseObject({ ...everyEvent, ...everyMessage }),
}

/** What is wrong with an event, by the customer's document, by our schema and by what was expected; empty when nothing. */
export function findContractProblems(event: AnyEvent, expected: Record<string, unknown>): string[] {
  const problems: string[] = []
  const judges: [string, z.ZodType | undefined][] = [
    ['customer’s document', customerContract[event.messageType]],
    ['schema', Event],
  ]
  for (const [name, schema] of judges) {
    const result = schema?.safeParse(event)
    if (result && !result.success) {
      const lines = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
      problems.push(`against the ${name}: ${lines.join('; ')}`)
    }
  }
  if (customerContract[event.messageType] && event.messageType !== 'conversation' && 'value' in event)
    problems.push('of the customer’s types only conversation has a value')
  for (const [field, value] of Object.entries(expected)) {
    if (!isDeepStrictEqual(event[field], value)) {
      problems.push(`${field} is ${JSON.stringify(event[field])} instead of ${JSON.stringify(value)}`)
    }
  }
  return problems
}
