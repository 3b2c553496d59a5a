import type { SessionReport } from '../schema/link.ts'
import { ownLid, ownNumber, type Account } from './account.ts'
import { readClose, type CloseCause } from './close-cause.ts'
import type { Effect } from './session-state.ts'

type ReportEffect = Extract<Effect, `report${string}`>

/** Reports that say nothing of the session's own state. */
const passing = new Set<SessionReport['report']>([
  'accountName',
  'command',
  'cancelRefused',
  'contacts',
  'fileUnavailable',
])
const requested = { reason: 'requested', reasonText: 'It was asked for.' } as const

/** What a session tells the Worker of its own state. */
export class SessionReports {
  /** Why the connection has ended, or is about to. */
  cause: CloseCause | undefined
  /** What is to be scanned at the moment. */
  qr: { qr: string; expiresAt: number } | undefined
  #record: (report: SessionReport) => void
  #last = ''

  constructor(record: (report: SessionReport) => void) {
    this.#record = record
  }

  /** A new epoch begins: what was told under the one before may not have been taken. */
  begin(): void {
    this.#last = ''
  }

  send(report: SessionReport): void {
    if (!passing.has(report.report)) this.#last = report.report
    this.#record(report)
  }

  tell(effect: ReportEffect, account: Account): void {
    switch (effect) {
      case 'reportQr':
        return this.qr === undefined ? undefined : this.send({ report: 'qr', ...this.qr })
      case 'reportConnected':
        return this.#tellConnected(account)
      case 'reportReconnecting':
        if (!account.isLinked || this.#last === 'reconnecting') return undefined
        return this.send({ report: 'reconnecting', ...this.#why() })
      case 'reportStopped':
        return this.send({ report: 'stopped', ...this.#why() })
      case 'reportStoppedAsked':
        return this.send({ report: 'stopped', ...requested })
      case 'reportLoggedOut':
        return this.send({ report: 'loggedOut', ...this.#why() })
      case 'reportLoggedOutAsked':
        return this.send({ report: 'loggedOut', ...requested })
    }
  }

  #tellConnected({ creds, accountName }: Account): void {
    const lid = ownLid(creds!)
    this.send({
      report: 'connected',
      number: ownNumber(creds!)!,
      ...(lid !== undefined && { lid }),
      ...(accountName !== undefined && { accountName }),
    })
  }

  #why(): Pick<CloseCause, 'reason' | 'reasonText'> {
    const { reason, reasonText } = this.cause ?? readClose(428, '', true)
    return { reason, reasonText }
  }
}
