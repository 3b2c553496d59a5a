import { createHash } from 'node:crypto'

/** What names an occurrence on the wire, the same on every delivery of it. */
export interface Occurrence {
  idSession: string
  /** JID of the chat as the stanza has it, without device. */
  chat: string
  /** JID of who wrote, as the stanza has it, without device; `''` for the account itself. */
  sender: string
  idMessage: string
  /** What happened: `message`, or a word of one's own for everything else. */
  kind: string
}

function hashOf(prefix: string, parts: string[]): string {
  return `${prefix}_${createHash('sha256').update(parts.join('\0')).digest('base64url').slice(0, 22)}`
}

export function makeIdEvent({ idSession, chat, sender, idMessage, kind }: Occurrence): string {
  return hashOf('evt', [idSession, chat, sender, idMessage, kind])
}

export function makeIdFile(idEvent: string): string {
  return hashOf('file', [idEvent])
}
