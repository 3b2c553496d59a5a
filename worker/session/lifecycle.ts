import type { SessionReason } from '../../schema/event/session.ts'
import type { SessionReport } from '../../schema/link.ts'
import { addDraft, makeOwn, type Change } from './change.ts'
import { releaseWithoutFile } from './held-release.ts'
import { clearKeys } from './keys.ts'
import { reasonTexts } from './reason-text.ts'
import type { SessionRecord } from './record.ts'
import { isActive, stateTable, type SessionInput } from './state-table.ts'
import type { SessionStore } from './store.ts'

interface Why {
  reason: SessionReason
  reasonText?: string
}

/** What may come with an input: the report itself, or the reason. */
type Details = { report?: SessionReport; why?: Why }

/**
 * Applies one input to the session's state: one cell of the table. Everything that follows from it (events, erased keys,
 * a start that was waiting for the stop) happens in the same change.
 */
export function applyInput(
  store: SessionStore,
  change: Change,
  input: SessionInput,
  details: Details = {},
): void {
  const record = store.record as SessionRecord
  const cell = stateTable[record.state][input]
  if (cell.ask) {
    if (record.desire !== cell.ask) record.askedAt = change.now
    record.desire = cell.ask
    return
  }
  const idSession = record.ref.idSession
  const why = cell.state === 'starting' ? null : (details.why ?? null)
  const changed = cell.state !== undefined && cell.state !== record.state
  if (changed) {
    record.state = cell.state
    record.reason = why?.reason ?? null
    record.reasonText = why ? (reasonTexts[why.reason] ?? why.reasonText ?? null) : null
    record.qr = null
    record.qrExpiresAt = null
  }
  const { report } = details
  if (report?.report === 'qr' && record.state === 'qr') {
    record.qr = report.qr
    record.qrExpiresAt = report.expiresAt
  }
  if (report?.report === 'connected' && record.state === 'connected') noteAccount(record, report, change.now)
  if (input === 'loggedOut' || cell.action === 'loggedOut') forgetAccount(store, record)
  if (cell.action === 'destroyed') releaseAll(store, change)
  if (cell.action) {
    addDraft(
      change,
      makeOwn(idSession, 'sessionUpdate', { action: cell.action, ...actionFields(record, cell.action) }),
    )
  }
  if (changed) {
    addDraft(change, makeOwn(idSession, 'connectionUpdate', { state: record.state, ...reasonFields(record) }))
  }
  if (cell.action === 'destroyed') record.destroyedAt = change.now
  if (changed && !isActive(record.state)) applyRest(store, change, record)
}

/** What waited for the session to come to rest. */
function applyRest(store: SessionStore, change: Change, record: SessionRecord): void {
  const { startAgain } = record
  record.desire = 'run'
  record.askedAt = null
  record.startAgain = false
  record.connectedAt = null
  // Whoever ran the session until now is no longer its owner, should it not have heard.
  record.epoch += 1
  record.idConnector = null
  if (record.destroying) applyInput(store, change, 'destroy')
  else if (startAgain) applyInput(store, change, 'start')
}

/** The session ends: nothing is kept back any more. */
function releaseAll(store: SessionStore, change: Change): void {
  for (const idFile of store.held.awaited()) {
    releaseWithoutFile(store, change, idFile, 'The session was deleted before the file arrived.')
  }
}

function noteAccount(
  record: SessionRecord,
  report: Extract<SessionReport, { report: 'connected' }>,
  now: number,
): void {
  record.number = report.number
  record.lid = report.lid ?? record.lid
  record.accountName = report.accountName ?? record.accountName
  record.connectedAt = now
}

function forgetAccount(store: SessionStore, record: SessionRecord): void {
  clearKeys(store.sql)
  store.contacts.clear()
  record.number = null
  record.lid = null
  record.accountName = null
}

function reasonFields(record: SessionRecord): { reason?: SessionReason; reasonText?: string } {
  if (record.reason === null || record.reasonText === null) return {}
  return { reason: record.reason, reasonText: record.reasonText }
}

function actionFields(record: SessionRecord, action: string): Record<string, unknown> {
  switch (action) {
    case 'newQR':
      return { qr: record.qr, qrExpiresAt: Math.ceil((record.qrExpiresAt ?? 0) / 1000) }
    case 'connected':
      return { number: record.number }
    case 'stopped':
    case 'loggedOut':
      return reasonFields(record)
    default:
      return {}
  }
}
