import type { WaitingReason } from '../../schema/api/placement.ts'
import type { SessionRef } from '../../schema/link.ts'
import { isActive } from './state-table.ts'
import type { SessionRecord } from './record.ts'
import type { SessionStore } from './store.ts'
import { timing } from './timing.ts'
import { describeWaiting, type Waiting } from './waiting.ts'

/** What the Fleet is to know of a session. */
type Goal = SessionRecord['fleetKnows']

/** What a session needs of the Fleet. */
export interface FleetDoor {
  wantSession(ref: SessionRef): Promise<{ waitingReason: WaitingReason | null }>
  releaseSession(idObject: string): Promise<unknown>
}

/**
 * Keeps the Fleet's knowledge equal to the session's: an active session is wanted, one at rest is not. What the Fleet
 * has acknowledged is stored; calls that fail are repeated by the alarm. An active session that stays without a link is
 * wanted again, which heals whatever the Fleet or a connector may have missed.
 */
export class FleetTie {
  readonly #store: SessionStore
  readonly #fleet: () => FleetDoor
  readonly #failed: (error: unknown) => void
  #isBusy = false
  #repeatAt: number | null = null
  #wantAgainAt: number | null = null
  #linkedAt: number | null = null
  #waitingReason: WaitingReason | null = null

  constructor(store: SessionStore, fleet: () => FleetDoor, failed: (error: unknown) => void) {
    this.#store = store
    this.#fleet = fleet
    this.#failed = failed
  }

  /** The link is there. */
  linked(now: number): void {
    this.#wantAgainAt = null
    this.#linkedAt = now
    this.#waitingReason = null
  }

  /** Since when, as far as is known; null without a link. */
  get linkedAt(): number | null {
    return this.#linkedAt
  }

  /** Why no connector runs it, as the Fleet last said; nothing when one is to, or it is not to run. */
  get waiting(): Waiting {
    return describeWaiting(this.#goal() === 'wanted' ? this.#waitingReason : null)
  }

  /** The link is gone; `afterMs` from now the Fleet is asked again if none has come. */
  unlinked(now: number, afterMs: number): void {
    this.#linkedAt = null
    this.#wantAgainAt = now + afterMs
  }

  nextDue(): number | null {
    const { record } = this.#store
    if (!record) return null
    if (record.fleetKnows !== this.#goal()) return this.#repeatAt
    return isActive(record.state) ? this.#wantAgainAt : null
  }

  /** Tells the Fleet what it does not know, or asks again when that is due; null when there is nothing to tell. */
  sync(now: number): Promise<void> | null {
    const { record } = this.#store
    const goal = this.#goal()
    const again = goal === 'wanted' && this.#wantAgainAt !== null && this.#wantAgainAt <= now
    if (!record || this.#isBusy || (record.fleetKnows === goal && !again)) return null
    return this.#tell(record, goal, now)
  }

  /** Never throws. */
  async #tell(record: SessionRecord, goal: Goal, now: number): Promise<void> {
    this.#isBusy = true
    try {
      if (goal === 'wanted') {
        this.#wantAgainAt = now + timing.relinkAgainMs
        const { waitingReason } = await this.#fleet().wantSession(record.ref)
        this.#waitingReason = this.#linkedAt === null ? waitingReason : null
      } else {
        await this.#fleet().releaseSession(record.ref.idObject)
      }
      if (this.#store.record && this.#store.record.fleetKnows !== goal) {
        this.#store.change(now, (_change, current) => {
          current.fleetKnows = goal
        })
      }
      this.#repeatAt = null
    } catch (error) {
      this.#repeatAt = now + timing.repeatMs
      this.#failed(error)
    }
    this.#isBusy = false
    if (this.#goal() !== goal && this.#repeatAt === null) await this.sync(now)
  }

  #goal(): Goal {
    const { record } = this.#store
    if (!record) return 'nothing'
    if (record.destroyedAt === null && isActive(record.state)) return 'wanted'
    return record.fleetKnows === 'nothing' ? 'nothing' : 'released'
  }
}
