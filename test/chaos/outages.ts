/** From when to when the Worker could not write down what subscribers had answered. */
export interface Outage {
  from: number
  until: number
  /** It was killed: what it had in memory alone is gone, and nothing else. */
  isKill: boolean
}

interface Freeze {
  from: number
  until: number
}

/** When the Worker was killed, could not write, or stood still. */
export class Outages {
  readonly all: Outage[] = []
  readonly freezes: Freeze[] = []

  /** To be called in the moment of the kill. */
  killed(): void {
    const outage = this.begin(true)
    void afterTurns().then((at) => (outage.until = at))
  }

  /** Something begins that keeps the Worker from writing; its end is to be set. */
  begin(isKill = false): Outage {
    const outage = { from: Date.now(), until: Date.now(), isKill }
    this.all.push(outage)
    return outage
  }

  frozen(): Freeze {
    const freeze = { from: Date.now(), until: Infinity }
    this.freezes.push(freeze)
    return freeze
  }

  /** How long the Worker was awake between two moments. */
  awakeMs(from: number, until: number): number {
    const asleep = this.freezes.map((freeze) =>
      Math.max(0, Math.min(until, freeze.until) - Math.max(from, freeze.from)),
    )
    return until - from - asleep.reduce((sum, ms) => sum + ms, 0)
  }
}

/** What the Worker had sent lies in this process's sockets: the next turns of the event loop read it, however late they come. */
async function afterTurns(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done))
  return Date.now()
}
