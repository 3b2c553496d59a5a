import { z } from 'zod'
import { everyEvent } from './field.ts'

interface EventText {
  /** Name of the schema in the OpenAPI document. */
  id: string
  en: string
  es: string
}

/**
 * Makes the schema of one event type. The example is a true one: it must pass the schema (a test holds it to that), and
 * it is what the OpenAPI document, the webhook reference and the test button show.
 */
export function defineEvent<Type extends string, Shape extends z.ZodRawShape>(
  messageType: Type,
  text: EventText,
  shape: Shape,
  example: Record<string, unknown>,
) {
  const { idSession, idEvent, sequence, isTest } = everyEvent
  return z
    .strictObject({
      idSession,
      messageType: z.literal(messageType).meta({
        description: 'Type of the event.',
        'x-description-es': 'Tipo de mensaje.',
      }),
      idEvent,
      sequence,
      ...shape,
      isTest,
    })
    .meta({
      id: text.id,
      description: text.en,
      'x-description-es': text.es,
      examples: [
        {
          idSession: 'support',
          messageType,
          idEvent: 'evt_3fT8yKx1PqLm5nRz0vBcWd',
          sequence: 42,
          ...example,
        },
      ],
    })
}

/** What the examples of messages share: Ana writes to the number of the company. */
export const exampleMessage = {
  senderNumber: '34600111222@s.whatsapp.net',
  senderName: 'Ana García',
  messageTimestamp: 1767225600,
  isMessageFromGroup: false,
  idMessage: '3EB0C767D097B7C35B12A0',
  lid: '180001112223334@lid',
}

/** What the examples of messages with a file share. */
export const exampleFile = {
  idFile: 'file_Zk7wE4tQ9sNf2uHb6jXyRc',
  fileStatus: 'stored',
  fileSize: 48213,
  sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  fileUrl: 'https://chatlink.example/v1/files/file_Zk7wE4tQ9sNf2uHb6jXyRc',
}
