import { makeEvent, ageOf, keysOf } from './event.ts'
import { HttpLoad } from './http-load.ts'
import type { RawLink } from './raw-link.ts'
import { type Latency, latencyOf } from './stats.ts'

/** Counts what arrives at a sink, and how old it is. */
export class Arrivals {
  count = 0
  ages: number[] = []
  #target = Infinity
  #reached: () => void = () => undefined

  readonly take = (body: Buffer): void => {
    this.count++
    this.ages.push(ageOf(body))
    if (this.count >= this.#target) this.#reached()
  }

  reset(): void {
    this.count = 0
    this.ages = []
    this.#target = Infinity
  }

  /** Resolves when so many have arrived since the last reset; fails when nothing arrives for 20 s. */
  async reach(target: number): Promise<void> {
    this.#target = target
    const reached = new Promise<void>((done) => (this.#reached = done))
    for (let last = -1; this.count < target;) {
      if (this.count === last) throw new Error(`only ${this.count} of ${target} arrived`)
      last = this.count
      await Promise.race([reached, new Promise((done) => setTimeout(done, 20_000).unref())])
    }
  }
}

/** Events through the bare relay, as many at a time as there are connections; resolves with their number. */
export async function relayThroughput(url: string, arrivals: Arrivals, total: number): Promise<number> {
  const load = new HttpLoad(url)
  arrivals.reset()
  let left = total
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (left-- > 0) await load.post(JSON.stringify(makeEvent('relay')))
    }),
  )
  await arrivals.reach(total)
  load.close()
  return total
}

/** Events from the links to the subscriber, in batches as they come, with the keys that change; resolves with their number. */
export async function linkThroughput(
  links: RawLink[],
  arrivals: Arrivals,
  total: number,
  changedKeys = keysOf,
): Promise<number> {
  arrivals.reset()
  const each = Math.floor(total / links.length)
  await Promise.all(
    links.map(async (link) => {
      const idSession = link.ref.idSession
      for (let sent = 0; sent < each; sent += 100) {
        const events = Array.from({ length: Math.min(100, each - sent) }, () => makeEvent(idSession))
        link.commit(events, changedKeys(events))
        await link.drained()
      }
    }),
  )
  await arrivals.reach(each * links.length)
  return each * links.length
}

/** Sends one event at a time, evenly, and tells how old they were when the subscriber had them. */
async function paced(
  ratePerSecond: number,
  seconds: number,
  arrivals: Arrivals,
  send: () => void,
): Promise<Latency> {
  arrivals.reset()
  const total = ratePerSecond * seconds
  const startedAt = performance.now()
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * ratePerSecond) + 1)
    for (; sent < due; sent++) send()
    await new Promise((done) => setTimeout(done, 1))
  }
  await arrivals.reach(total)
  return latencyOf(arrivals.ages)
}

export async function relayLatency(
  url: string,
  arrivals: Arrivals,
  rate: number,
  seconds: number,
): Promise<Latency> {
  const load = new HttpLoad(url)
  const latency = await paced(
    rate,
    seconds,
    arrivals,
    () => void load.post(JSON.stringify(makeEvent('relay'))),
  )
  load.close()
  return latency
}

export async function linkLatency(
  links: RawLink[],
  arrivals: Arrivals,
  rate: number,
  seconds: number,
): Promise<Latency> {
  let turn = 0
  return paced(rate, seconds, arrivals, () => {
    const link = links[turn++ % links.length]!
    const event = makeEvent(link.ref.idSession)
    link.commit([event], keysOf([event]))
  })
}
