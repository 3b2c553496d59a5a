import type { EventDraft } from '../../schema/event/event.ts'
import { addDraft, type Change } from './change.ts'
import { withoutFile, withStoredFile, type StoredFile } from './file-event.ts'
import type { HeldEvents } from './held.ts'

/** Lets an event go with its stored file, and what waited behind it. */
export function releaseWithFile(held: HeldEvents, change: Change, idFile: string, file: StoredFile): void {
  release(held, change, idFile, (draft) => withStoredFile(draft, file))
}

/** Lets an event go without its file, and what waited behind it. */
export function releaseWithoutFile(
  held: HeldEvents,
  change: Change,
  idFile: string,
  fileError: string,
): void {
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
