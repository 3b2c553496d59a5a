import type { EventDraft } from '../../schema/event/event.ts'

/** What is known of a file once it is stored. */
export interface StoredFile {
  fileSize: number
  sha256: string
  fileUrl?: string | undefined
}

/** The event of a file that is stored: what was measured replaces what the sender claimed. */
export function withStoredFile(draft: EventDraft, file: StoredFile): EventDraft {
  const { fileSize, sha256, fileUrl } = file
  const known = { fileStatus: 'stored', fileSize, sha256, ...(fileUrl === undefined ? {} : { fileUrl }) }
  return { ...draft, ...known } as EventDraft
}

/** The event of a file that could not be had: nothing is said of the file that nobody has checked. */
export function withoutFile(draft: EventDraft, fileError: string): EventDraft {
  const {
    fileSize: _size,
    sha256: _hash,
    fileUrl: _url,
    ...rest
  } = draft as unknown as Record<string, unknown>
  return { ...rest, fileStatus: 'unavailable', fileError } as unknown as EventDraft
}

/** The chat that an event belongs to; null for what concerns the session as a whole. */
export function chatOf(draft: EventDraft): string | null {
  return 'senderNumber' in draft ? draft.senderNumber : null
}
