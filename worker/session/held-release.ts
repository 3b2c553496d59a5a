import type { EventDraft } from '../../schema/event/event.ts'
import { addDraft, type Change } from './change.ts'
import { withoutFile, withStoredFile, type StoredFile } from './file-event.ts'
import type { HeldEvents } from './held.ts'
import type { SessionStore } from './store.ts'

/** Lets the event that awaits a file go with it, and what waited behind it; false when none awaits it. */
export function takeStoredFile(
  { held, lostFiles }: Pick<SessionStore, 'held' | 'lostFiles'>,
  change: Change,
  file: StoredFile & { idFile: string },
  publicUrl: string,
): boolean {
  const { idFile } = file
  if (!held.isAwaited(idFile)) {
    lostFiles.remove(idFile)
    return false
  }
  const fileUrl = file.fileUrl ?? (publicUrl === '' ? undefined : `${publicUrl}/v1/files/${idFile}`)
  release(held, change, idFile, (draft) => withStoredFile(draft, { ...file, fileUrl }))
  return true
}

/** Lets an event go without its file, and what waited behind it; where the file was to be had stays known. */
export function releaseWithoutFile(
  { held, lostFiles }: Pick<SessionStore, 'held' | 'lostFiles'>,
  change: Change,
  idFile: string,
  fileError: string,
): void {
  const source = held.sourceOf(idFile)
  if (source === null) return lostFiles.note(idFile, fileError)
  lostFiles.add(idFile, { source, error: fileError }, change.now)
  release(held, change, idFile, (draft) => withoutFile(draft, fileError))
}

function release(
  held: HeldEvents,
  change: Change,
  idFile: string,
  finish: (draft: EventDraft) => EventDraft,
): void {
  for (const { draft, proof } of held.settle(idFile, finish) ?? []) addDraft(change, draft, proof)
}
