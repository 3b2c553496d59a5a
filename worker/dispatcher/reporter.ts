import type { Ledger } from './ledger.ts'
import type { Control, Settings } from './record.ts'
import type { Retirement } from './retirement.ts'
import type { Settlement } from './settlement.ts'
import type { DispatcherStore } from './store.ts'
import type { SessionDoor, TenantDoor } from './work.ts'

const tellAgainMs = 60_000

export interface ReporterParts {
  store: DispatcherStore
  control: Control
  ledger: Ledger
  settlement: Settlement
  retirement: Retirement
  settings: () => Settings
  session: () => SessionDoor
  tenant: (idTenant: string) => TenantDoor
  now: () => number
  failed: (error: unknown) => void
}

/** Tells the Session and the Tenant what they have to know of the deliveries; what fails is repeated by alarm. */
export class Reporter {
  readonly #parts: ReporterParts
  #isTelling = false
  #tellAt = 0
  #hasNotices: boolean

  constructor(parts: ReporterParts) {
    this.#parts = parts
    this.#hasNotices = parts.store.notices().length > 0
  }

  /** To be called when something was written: tells what there is to tell, if anything. */
  async written(): Promise<void> {
    const { store, control, retirement, now } = this.#parts
    this.#hasNotices ||= store.notices().length > 0
    const hasNews = this.#hasNotices || control.disabled?.isReported === false
    if (hasNews || retirement.isDue(now())) await this.tell(now())
  }

  async tell(now: number): Promise<void> {
    const { store, ledger, retirement, session, failed } = this.#parts
    if (this.#isTelling || now < this.#tellAt) return
    this.#isTelling = true
    try {
      if (retirement.isDue(now)) await this.#retire(now)
      ledger.write(now)
      await this.#reportDisabled()
      for (let notices = store.notices(); notices.length > 0; notices = store.notices()) {
        for (const { idEvent, draft } of notices) {
          await session().appendOwn(draft)
          store.removeNotice(idEvent)
        }
      }
      this.#hasNotices = false
    } catch (error) {
      this.#tellAt = now + tellAgainMs
      failed(error)
    } finally {
      this.#isTelling = false
    }
  }

  /** When something is to be told again; null when nothing is. */
  nextDue(now: number): number | null {
    const isSilent = !this.#hasNotices && (this.#parts.control.disabled?.isReported ?? true)
    return isSilent ? null : Math.max(this.#tellAt, now + tellAgainMs)
  }

  /** Tells the Tenant that nothing is sent any more. It knows whether another Dispatcher has told the others already. */
  async #reportDisabled(): Promise<void> {
    const { control, store, settings, tenant } = this.#parts
    const report = control.unreported ?? (control.disabled?.isReported === false ? control.disabled : null)
    if (!report) return
    const { config, ref } = settings()
    const { reason, version } = report
    const question = { idSubscription: config.idSubscription, idObject: ref.idObject, version, reason }
    const answer = await tenant(config.idTenant).disableSubscription(question)
    report.isReported = true
    if (control.unreported === report) delete control.unreported
    store.change(() => {
      if (answer.ok && !answer.tells) store.removeDisabledNotices()
      store.putControl(control)
    })
  }

  /** Disables the subscription, if its Tenant agrees that nothing but failure comes of it. */
  async #retire(now: number): Promise<void> {
    const { retirement, settlement, ledger, settings, tenant } = this.#parts
    const asked = settings()
    if (!(await retirement.isGranted(tenant(asked.config.idTenant), asked, now))) return
    settlement.disable('onlyFailures', null, now)
    ledger.write(now)
  }
}
