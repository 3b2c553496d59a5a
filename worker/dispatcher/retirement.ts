import type { Control, Settings } from './record.ts'
import type { DispatcherStore } from './store.ts'

/** Nothing but failure for this long, and at least so many failures, disables a subscription. */
export const disableAfterMs = 5 * 86_400_000
export const disableAfterFailures = 10

const askAgainMs = 60_000

/** What a Dispatcher asks its Tenant, which knows the other sessions of the subscription. */
export interface RetirementDoor {
  mayRetire(question: { idSubscription: string; idObject: string; now: number }): Promise<RetirementAnswer>
}

export interface RetirementAnswer {
  mayRetire: boolean
  /** When to ask again, in milliseconds. */
  askAt: number
}

/**
 * Whether nothing but failure has come of this subscription for so long that it is to be disabled. A Dispatcher sees one
 * session alone, so the Tenant has the last word: a success in any other session keeps the subscription.
 */
export class Retirement {
  readonly #control: Control
  #askAt = 0

  constructor(control: Control) {
    this.#control = control
  }

  /** Whether the Tenant is to be asked. */
  isDue(now: number): boolean {
    return now >= this.#askAt && this.#isOverdue(now)
  }

  /** Asks the Tenant. Throws when it cannot be reached; it is asked again later. */
  async isGranted(door: RetirementDoor, { ref, config }: Settings, now: number): Promise<boolean> {
    this.#askAt = now + askAgainMs
    const { idSubscription } = config
    const answer = await door.mayRetire({ idSubscription, idObject: ref.idObject, now })
    this.#askAt = answer.askAt
    // An attempt may have gone well meanwhile.
    return answer.mayRetire && this.#isOverdue(now)
  }

  #isOverdue(now: number): boolean {
    const { disabled, failingSince, failures } = this.#control
    if (disabled !== null || failingSince === null) return false
    return now - failingSince >= disableAfterMs && failures >= disableAfterFailures
  }
}

/** When an attempt last went well, in milliseconds; null when none is remembered. */
export function lastSuccessOf(store: DispatcherStore, control: Control): number | null {
  const times = [control.lastSuccessAt ?? 0]
  for (const { attempts } of store.delivered(1)) times.push(attempts.at(-1)?.at ?? 0)
  return Math.max(...times) || null
}
