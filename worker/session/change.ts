import { EventDraft } from '../../schema/event/event.ts'
import type { SessionReport } from '../../schema/link.ts'
import { randomId } from '../random-id.ts'

/** One atomic change of a session: what it adds to the log, and which commands it ended. */
export interface Change {
  readonly now: number
  /** Number of the last commit once this change is applied. */
  n: number
  readonly drafts: { draft: EventDraft; proof: string }[]
  readonly idEvents: Set<string>
  readonly finished: string[]
  /** Reports on commands that are not stored. */
  readonly answers: Answer[]
}

type Answer = Extract<SessionReport, { report: 'command' }>

/** A change that carries nothing yet. */
export function beginChange(now: number, n: number): Change {
  return { now, n, drafts: [], idEvents: new Set(), finished: [], answers: [] }
}

/** Lets an event into the log with this change, unless it is in it already. */
export function addDraft(change: Change, draft: EventDraft, proof = ''): void {
  if (change.idEvents.has(draft.idEvent)) return
  change.idEvents.add(draft.idEvent)
  change.drafts.push({ draft, proof })
}

/** An event that the Worker itself makes; `fields` are those of its type. */
export function makeOwn<Type extends EventDraft['messageType']>(
  idSession: string,
  messageType: Type,
  fields: Omit<Extract<EventDraft, { messageType: Type }>, 'idSession' | 'messageType' | 'idEvent'>,
): EventDraft {
  return { idSession, messageType, idEvent: randomId('evt'), ...fields } as unknown as EventDraft
}

/** An event of the Worker itself, as another object tells it. */
export type OwnEvent = { messageType: string; idEvent?: string } & Record<string, unknown>

/** Completes and checks such an event; a text says what is wrong with it. */
export function makeDraft(idSession: string, event: OwnEvent): EventDraft | string {
  const { messageType, idEvent, ...fields } = event
  const parsed = EventDraft.safeParse({
    idSession,
    messageType,
    idEvent: idEvent ?? randomId('evt'),
    ...fields,
  })
  if (parsed.success) return parsed.data
  return parsed.error.issues
    .map(({ path, message }) => `${path.map(String).join('.')}: ${message}`)
    .join('; ')
}
