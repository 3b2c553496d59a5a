import type { SessionRef } from '../../schema/link.ts'
import type { Assignments } from './assignments.ts'
import { chooseMove, type Candidate } from './placement.ts'

interface RebalanceHooks {
  assignments: Assignments
  candidates(): Iterable<Candidate>
  /** Whether a session may be moved now: one whose QR is being scanned, or that is not connected, stays. */
  isMovable(ref: SessionRef): Promise<boolean>
  /** Takes a session from its connector; it goes to whoever has the most room when its link has closed. */
  move(ref: SessionRef, from: string): void
}

/** A connector that joined is left alone for this long: it may be one that comes and goes. */
const settleMs = 3000
const stepMs = 500
const movesPerStep = 4
const asksPerStep = 20

/**
 * Spreads sessions when a connector joins: a few in each step, so that none is away for longer than its own
 * reconnecting, and no more than needed. Who was found not movable is not asked again until the next connector joins.
 */
export class Rebalance {
  readonly #hooks: RebalanceHooks
  readonly #asked = new Set<string>()
  #dueAt: number | null = null
  #isBusy = false

  constructor(hooks: RebalanceHooks) {
    this.#hooks = hooks
  }

  /** A connector has joined, or may have. */
  begin(now: number): void {
    this.#asked.clear()
    this.#dueAt = now + settleMs
  }

  nextDue(): number | null {
    return this.#dueAt
  }

  /** Makes one step if it is due. `isQuiet`: nothing else is being placed or handed over. */
  async step(now: number, isQuiet: boolean): Promise<void> {
    if (this.#isBusy || this.#dueAt === null || this.#dueAt > now) return
    this.#dueAt = now + stepMs
    if (!isQuiet) return
    this.#isBusy = true
    try {
      const isMore = await this.#moveSome()
      if (!isMore) this.#dueAt = null
    } finally {
      this.#isBusy = false
    }
  }

  /** @returns whether more may be to move. */
  async #moveSome(): Promise<boolean> {
    const { assignments, candidates, isMovable, move } = this.#hooks
    // What is on its way counts where it goes to.
    const arriving = new Map<string, number>()
    const expected = () =>
      [...candidates()].map((each) => ({ ...each, load: each.load + (arriving.get(each.idConnector) ?? 0) }))
    let moves = 0
    for (let asks = 0; asks < asksPerStep && moves < movesPerStep; asks += 1) {
      const next = chooseMove(expected())
      if (next === null) return false
      const { from, to } = next
      const chosen = assignments.of(from).find(({ ref }) => !this.#asked.has(ref.idObject))
      if (!chosen) return false
      const { ref } = chosen
      this.#asked.add(ref.idObject)
      const isFree = await isMovable(ref)
      if (!isFree || assignments.all.get(ref.idObject)?.idConnector !== from) continue
      move(ref, from)
      arriving.set(to, (arriving.get(to) ?? 0) + 1)
      moves += 1
    }
    return true
  }
}
