import type { SessionRef } from '../../schema/link.ts'
import type { Assignments } from './assignments.ts'
import type { AwakeClock } from './awake-clock.ts'
import type { Connectors } from './connectors.ts'
import { chooseConnector, type Candidate } from './placement.ts'
import { timing } from './timing.ts'
import type { Trust } from './trust.ts'

interface PlacerParts {
  assignments: Assignments
  connectors: Connectors
  clock: AwakeClock
  trust: Trust
}

/** Gives sessions to connectors, and to others when they do not begin them. */
export class Placer {
  /** Sessions that are being handed over, and until when that may take. */
  readonly handovers = new Map<string, number>()
  readonly #asks = new Map<string, { count: number; at: number }>()
  readonly #parts: PlacerParts

  constructor(parts: PlacerParts) {
    this.#parts = parts
  }

  /** A session is to run, or says that it still has no link; returns who is to run it. */
  want(ref: SessionRef): string | null {
    const { assignments, connectors } = this.#parts
    const { idObject } = ref
    const assignment = assignments.all.get(idObject)
    const idConnector = assignment?.idConnector ?? null
    this.handovers.delete(idObject)
    if (idConnector === null) {
      if (!assignment) assignments.put(ref, null)
      this.#place(ref)
    } else if (connectors.online.has(idConnector)) {
      this.#askAgain(ref, idConnector)
    }
    return assignments.all.get(idObject)?.idConnector ?? null
  }

  /** A session is not to run any more. */
  forget(idObject: string): void {
    const { assignments, connectors } = this.#parts
    const idConnector = assignments.all.get(idObject)?.idConnector ?? null
    if (idConnector !== null) connectors.send(idConnector, { type: 'release', idObject })
    assignments.remove(idObject)
    this.handovers.delete(idObject)
    this.#asks.delete(idObject)
    this.placeWaiting()
  }

  /** Takes a session from a connector that still has it. */
  takeFrom(ref: SessionRef, idConnector: string): void {
    const { assignments, connectors, clock } = this.#parts
    connectors.send(idConnector, { type: 'release', idObject: ref.idObject })
    assignments.put(ref, null)
    // Its link's close brings it back at once; should that not come, the alarm does.
    this.handovers.set(ref.idObject, clock.now() + timing.handoverMs)
  }

  endHandovers(now: number): void {
    for (const [idObject, until] of this.handovers) if (until <= now) this.handovers.delete(idObject)
  }

  placeWaiting(): void {
    for (const { ref } of this.#parts.assignments.waiting()) {
      if (!this.handovers.has(ref.idObject) && !this.#place(ref)) return
    }
  }

  assign(idObject: string, idConnector: string): void {
    const { assignments } = this.#parts
    const assignment = assignments.all.get(idObject)
    if (assignment) assignments.put(assignment.ref, idConnector)
  }

  run(idObject: string, idConnector: string): void {
    const { assignments, connectors } = this.#parts
    const assignment = assignments.all.get(idObject)
    if (assignment) connectors.send(idConnector, { type: 'run', session: assignment.ref })
  }

  /** Connectors that may be given sessions as far as they have room. */
  candidates(): Candidate[] {
    return [...this.#everyone()].filter(({ idConnector }) => !this.#parts.trust.isFailing(idConnector))
  }

  #place({ idObject }: SessionRef): boolean {
    const chosen = chooseConnector(this.candidates()) ?? this.#chooseTrial(idObject)
    if (chosen === null) return false
    this.assign(idObject, chosen)
    this.run(idObject, chosen)
    return true
  }

  #askAgain(ref: SessionRef, idConnector: string): void {
    const { assignments, connectors, clock, trust } = this.#parts
    const now = clock.now()
    const before = this.#asks.get(ref.idObject)
    const count = before && now - before.at < timing.askWindowMs ? before.count + 1 : 1
    this.#asks.set(ref.idObject, { count, at: now })
    if (count < timing.maxAsks) return this.run(ref.idObject, idConnector)
    trust.failed(idConnector, connectors.online.get(idConnector)?.instance, ref.idObject, now)
    if (!this.#moveUnlinked(ref, idConnector)) return this.run(ref.idObject, idConnector)
    if (!trust.isFailing(idConnector)) return
    // What else has asked for its link of late is not left to find out by itself.
    for (const each of assignments.of(idConnector)) {
      const asked = this.#asks.get(each.ref.idObject)
      const isUnlinked = asked !== undefined && now - asked.at < timing.askWindowMs / 2
      if (isUnlinked && !this.#moveUnlinked(each.ref, idConnector)) return
    }
  }

  /** Gives a session without a link to another connector; false when none has room. */
  #moveUnlinked({ idObject }: SessionRef, from: string): boolean {
    const other = chooseConnector(this.candidates(), from)
    if (other === null) return false
    this.#parts.connectors.send(from, { type: 'release', idObject })
    this.#asks.delete(idObject)
    this.assign(idObject, other)
    this.run(idObject, other)
    return true
  }

  /** A connector that fails, when nobody else has room and its trial is due. */
  #chooseTrial(idObject: string): string | null {
    const { clock, trust } = this.#parts
    const now = clock.now()
    const tried = [...this.#everyone()].filter(({ idConnector }) => trust.mayTry(idConnector, now))
    const chosen = chooseConnector(tried)
    if (chosen !== null) trust.try(chosen, idObject, now)
    return chosen
  }

  *#everyone(): Generator<Candidate> {
    const { assignments, connectors } = this.#parts
    for (const { idConnector, capacity, isDraining } of connectors.online.values()) {
      yield { idConnector, capacity, isDraining, load: assignments.loadOf(idConnector) }
    }
  }
}
