/** So many failures within `windowMs` make a connector one that fails. */
const maxFailures = 3
const windowMs = 600_000
/** How often one that fails is given a session that nobody else has room for. */
const trialMs = 60_000
/** How many sessions are asked at once whether it has begun them. */
const maxWitnesses = 5

interface Conduct {
  instance: string | undefined
  /** When it failed, by what it failed at: a session that it did not begin, or a silence. */
  failures: Map<string, number>
  isFailing: boolean
  trialAt: number
  /** Sessions that can tell that it works after all. */
  witnesses: Set<string>
}

/**
 * Which connectors do what they say. One that fails is given nothing more, but for a trial each minute with a session that
 * would wait otherwise, until a session that it was given has its link, or it is started anew. Known in memory alone: a
 * Fleet that has been away finds out again. Times are the Fleet's own.
 */
export class Trust {
  readonly #conducts = new Map<string, Conduct>()

  /** A connector has said hello; another process of that name has done no wrong. */
  meet(idConnector: string, instance: string | undefined): void {
    const known = this.#conducts.get(idConnector)
    if (known && (instance === undefined || known.instance !== instance)) this.#conducts.delete(idConnector)
  }

  /** It has not begun a session that it was asked for again and again, or was not heard any more. */
  failed(idConnector: string, instance: string | undefined, what: string, now: number): void {
    const none = { instance, failures: new Map(), isFailing: false, trialAt: 0, witnesses: new Set<string>() }
    const conduct: Conduct = this.#conducts.get(idConnector) ?? none
    this.#conducts.set(idConnector, conduct)
    for (const [old, at] of conduct.failures) if (at + windowMs <= now) conduct.failures.delete(old)
    conduct.failures.set(what, now)
    conduct.witnesses.add(what)
    if (conduct.isFailing || conduct.failures.size < maxFailures) return
    conduct.isFailing = true
    conduct.trialAt = now + trialMs
  }

  isFailing(idConnector: string): boolean {
    return this.#conducts.get(idConnector)?.isFailing ?? false
  }

  /** Whether one that fails may be given a session now, to see. */
  mayTry(idConnector: string, now: number): boolean {
    const conduct = this.#conducts.get(idConnector)
    return conduct !== undefined && conduct.isFailing && conduct.trialAt <= now
  }

  /** It is given this one, to see. */
  try(idConnector: string, idObject: string, now: number): void {
    const conduct = this.#conducts.get(idConnector)
    if (!conduct) return
    conduct.trialAt = now + trialMs
    conduct.witnesses.add(idObject)
  }

  /** The newest sessions by which one that fails may have proven itself; those that it has no more are forgotten. */
  witnesses(idConnector: string, isStillIts: (idObject: string) => boolean): string[] {
    const conduct = this.#conducts.get(idConnector)
    if (!conduct?.isFailing) return []
    for (const idObject of conduct.witnesses) if (!isStillIts(idObject)) conduct.witnesses.delete(idObject)
    return [...conduct.witnesses].slice(-maxWitnesses)
  }

  /** It works after all. */
  prove(idConnector: string): void {
    this.#conducts.delete(idConnector)
  }
}
