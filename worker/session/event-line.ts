import type { EventDraft, MessageType } from '../../schema/event/event.ts'

/** An event as the log keeps it: its place, and the exact JSON that subscribers get. */
export interface LogEntry {
  sequence: number
  body: string
}

/** Above this many characters an event is kept as invalid: a row of SQLite here holds 2 MB. */
export const maxBodyCharacters = 500_000

/** Writes a draft as the line that is logged and delivered; `sequence` takes its place among the first fields. */
export function writeLine(draft: EventDraft, sequence: number): string {
  const { idSession, messageType, idEvent, ...rest } = draft
  return JSON.stringify({ idSession, messageType, idEvent, sequence, ...rest })
}

/** Reads an event's type off its line without parsing the rest. */
export function readMessageType(line: string): MessageType {
  const start = line.indexOf('"messageType":"') + 15
  return line.slice(start, line.indexOf('"', start)) as MessageType
}

/** Reads an event's id off its line without parsing the rest. */
export function readIdEvent(line: string): string {
  const start = line.indexOf('"idEvent":"') + 11
  return line.slice(start, line.indexOf('"', start))
}

/** Reads an event's place off its line without parsing the rest. */
export function readSequence(line: string): number {
  const start = line.indexOf('"sequence":') + 11
  return Number.parseInt(line.slice(start, start + 16), 10)
}
