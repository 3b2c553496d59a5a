import { EventDraft } from '../../schema/event/event.ts'
import type { EventEntry, LinkUpFrame, SessionReport } from '../../schema/link.ts'
import { addDraft, type Change } from './change.ts'
import { readPeople, type Learnt } from './contacts.ts'
import { maxBodyCharacters } from './event-line.ts'
import { chatOf } from './file-event.ts'
import { releaseWithoutFile } from './held-release.ts'
import { keepInvalid } from './invalid.ts'
import { applyKeys } from './keys.ts'
import { applyInput } from './lifecycle.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'

export type CommitFrame = Extract<LinkUpFrame, { type: 'commit' }>

interface CommitOptions {
  /** How long an event may wait for its file. */
  fileDeadlineMs: number
  /** Characters of the whole frame: when few, no event in it can be too long. */
  frameCharacters: number
}

/**
 * Applies a commit inside a change: keys, then reports that begin something, events, reports that end something. So a
 * `connected` stands before the messages that came with it, and a `loggedOut` after them.
 */
export function applyCommit(
  store: SessionStore,
  change: Change,
  frame: CommitFrame,
  options: CommitOptions,
): void {
  change.n = frame.n
  if (frame.keys) applyKeys(store.sql, frame.keys)
  const reports = frame.reports ?? []
  for (const report of reports) if (beginsSomething(report)) applyReport(store, change, report)
  for (const entry of frame.events ?? []) takeEvent(store, change, entry, options)
  for (const report of reports) if (!beginsSomething(report)) applyReport(store, change, report)
}

function beginsSomething({ report }: SessionReport): boolean {
  return report === 'qr' || report === 'connected' || report === 'reconnecting'
}

function takeEvent(store: SessionStore, change: Change, entry: EventEntry, options: CommitOptions): void {
  const record = store.record as SessionRecord
  const { source } = entry
  const proof = entry.proof ?? ''
  const isLost = entry.event['fileStatus'] === 'unavailable'
  const event = source === undefined || isLost ? entry.event : { ...entry.event, fileStatus: 'stored' }
  const parsed = EventDraft.safeParse(event)
  const reason = parsed.success ? refusal(record, parsed.data, options) : describeIssues(parsed.error.issues)
  if (!parsed.success || reason !== null) {
    record.invalidCount += 1
    keepInvalid(store.sql, record.invalidCount, change.now, reason ?? '', entry.event)
    return
  }
  const draft = parsed.data
  for (const person of readPeople(draft)) learn(store, change, person)
  if (draft.messageType === 'messageStatus') store.commands.deliver(draft.idMessage, draft.status)
  if (change.idEvents.has(draft.idEvent)) return
  const { held } = store
  if (held.size > 0 && held.has(draft.idEvent)) return
  const chat = chatOf(draft)
  if (source !== undefined && isLost && 'idFile' in draft) keepLost(store, change, draft, source)
  const idFile = source !== undefined && !isLost && 'idFile' in draft ? draft.idFile : null
  if (chat !== null && (idFile !== null || held.blocks(chat))) {
    if (store.index.find(draft.idEvent) !== null) return
    const deadlineAt = change.now + options.fileDeadlineMs
    held.hold(draft, chat, proof, idFile === null ? null : { idFile, source: source ?? '', deadlineAt })
    return
  }
  addDraft(change, draft, proof)
}

/** The account itself is none of its contacts. */
function learn(store: SessionStore, change: Change, person: Learnt): void {
  const { ref, number, lid } = store.record as SessionRecord
  const isOwn = [number, lid].some((own) => own !== null && (own === person.number || own === person.lid))
  if (!isOwn) store.contacts.learn(change, ref.idSession, person)
}

/** A file that nobody fetches before somebody asks for it: those of the history. */
function keepLost(
  store: SessionStore,
  change: Change,
  { idFile, fileError = '' }: { idFile: string; fileError?: string | undefined },
  source: string,
): void {
  store.lostFiles.add(idFile, { source, error: fileError }, change.now)
}

function refusal(record: SessionRecord, draft: EventDraft, options: CommitOptions): string | null {
  if (draft.idSession !== record.ref.idSession)
    return `idSession: is not this session’s (${record.ref.idSession})`
  if (options.frameCharacters > maxBodyCharacters && JSON.stringify(draft).length > maxBodyCharacters) {
    return `the event is longer than ${maxBodyCharacters} characters`
  }
  return null
}

function describeIssues(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues
    .slice(0, 8)
    .map(({ path, message }) => (path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message))
    .join('; ')
    .slice(0, 1000)
}

function applyReport(store: SessionStore, change: Change, report: SessionReport): void {
  switch (report.report) {
    case 'connected':
      // Its addresses may have been told as somebody's before it was known whose they are.
      for (const own of [report.number, report.lid]) if (own !== undefined) store.contacts.forget(own)
      return applyInput(store, change, report.report, { report })
    case 'qr':
      return applyInput(store, change, report.report, { report })
    case 'reconnecting':
    case 'stopped':
    case 'loggedOut':
      return applyInput(store, change, report.report, { report, why: report })
    case 'accountName':
      if (store.record) store.record.accountName = report.accountName
      return
    case 'fileUnavailable':
      return releaseWithoutFile(store, change, report.idFile, report.fileError)
    case 'command':
      return finishCommand(store, change, report)
    case 'contacts':
      for (const person of report.contacts) learn(store, change, person)
      return
    case 'cancelRefused':
      change.finished.push(`cancel:${report.idCommand}`)
  }
}

function finishCommand(
  store: SessionStore,
  change: Change,
  report: Extract<SessionReport, { report: 'command' }>,
): void {
  const { idCommand, outcome, errorCode, errorText, result } = report
  const command = store.commands.get(idCommand)
  if (!command) change.answers.push(report)
  // What WhatsApp did is what happened; else the first failure stands.
  if (!command || command.status === 'done' || command.status === outcome) return
  store.commands.finish(idCommand, outcome, change.now, { errorCode, errorText, result })
  change.finished.push(idCommand)
}
