import type { Destination } from './attempt.ts'
import { Lanes } from './lanes.ts'
import { judge, type Answer } from './outcome.ts'

/** Events to be sent to one endpoint, those of a lane in their order. */
export interface ErrandRequest {
  destination: Destination
  /** Requests that may be under way at once. */
  connections: number
  /** Of one request. */
  timeoutMs: number
  /** Nothing is begun later than this: what has become of it is told soon, and may be written down. */
  beginWithinMs: number
  events: { lane: string; idEvent: string; body: string }[]
}

/** A request that has been answered, or not; `index` says of which event, `at` and `until` when, in milliseconds. */
export interface Sent {
  index: number
  at: number
  until: number
  answer: Answer
}

/** What has been sent since the last report, and which events are on their way. All others are given back unsent. */
export interface Report {
  sent: Sent[]
  underWay: number[]
}

type Send = (event: { idEvent: string; body: string }, now: number) => Promise<Answer>

/**
 * Sends several events by a few connections. The first answer that is anything but a plain success ends it, as does its
 * time: what is under way then is finished, nothing more is begun.
 */
export class Errand {
  readonly #request: ErrandRequest
  readonly #send: Send
  readonly #lanes = new Lanes<number>()
  readonly #underWay = new Set<number>()
  #sent: Sent[] = []
  #isOver = false

  constructor(request: ErrandRequest, send: Send) {
    this.#request = request
    this.#send = send
    for (const [index, { lane }] of request.events.entries()) this.#lanes.add(lane, index)
  }

  /** Resolves when all is done, with what has not been reported before. `report` is called for what takes longer. */
  async run(report: (report: Report) => Promise<void>): Promise<Report> {
    let isLate = false
    const reports: Promise<void>[] = []
    const tell = () => reports.push(report(this.#report()))
    const timer = setTimeout(() => {
      this.#isOver = true
      isLate = true
      tell()
    }, this.#request.beginWithinMs)
    const connection = async () => {
      for (let next = this.#take(); next; next = this.#take()) {
        await this.#sendOne(next.item)
        this.#lanes.finish(next.lane)
        if (isLate && this.#underWay.size > 0) tell()
      }
    }
    await Promise.all(Array.from({ length: this.#request.connections }, connection))
    clearTimeout(timer)
    // The last report may not overtake the others.
    await Promise.all(reports)
    return this.#report()
  }

  #take(): { lane: string; item: number } | null {
    return this.#isOver ? null : this.#lanes.take()
  }

  async #sendOne(index: number): Promise<void> {
    const event = this.#request.events[index]
    if (!event) return
    const at = Date.now()
    this.#underWay.add(index)
    const answer = await this.#send(event, at)
    this.#underWay.delete(index)
    const until = Date.now()
    this.#sent.push({ index, at, until, answer })
    const { isDelivered, disables } = judge(answer, until)
    if (!isDelivered || disables) this.#isOver = true
  }

  #report(): Report {
    const sent = this.#sent
    this.#sent = []
    return { sent, underWay: Array.from(this.#underWay) }
  }
}
