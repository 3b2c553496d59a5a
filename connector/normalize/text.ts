import type { proto } from '../baileys.ts'
import { toText } from './value.ts'
import { unwrap } from './unwrap.ts'

/** The text that a person reads in a message of any type, or its file's caption; `''` when there is none. */
export function textOf(message: proto.IMessage | null | undefined): string {
  if (typeof message !== 'object' || message === null) return ''
  const { content } = unwrap(message)
  const candidates: unknown[] = [
    content.conversation,
    content.extendedTextMessage?.text,
    content.imageMessage?.caption,
    content.videoMessage?.caption,
    content.documentMessage?.caption,
    content.pollCreationMessage?.name,
    content.pollCreationMessageV2?.name,
    content.pollCreationMessageV3?.name,
    content.pollCreationMessageV5?.name,
    content.buttonsResponseMessage?.selectedDisplayText,
    content.templateButtonReplyMessage?.selectedDisplayText,
    content.interactiveResponseMessage?.body?.text,
    content.listResponseMessage?.title,
    content.templateMessage?.hydratedTemplate?.hydratedContentText,
    content.buttonsMessage?.contentText,
    content.listMessage?.description,
    content.interactiveMessage?.body?.text,
  ]
  return candidates.map((text) => toText(text)).find((text) => text !== '') ?? ''
}
