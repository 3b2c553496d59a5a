import type { AnyEvent } from '../support/receiver.ts'

interface Sent {
  id: string
  idSession: string
  chat: string
  at: number
}

/** A request: when it was answered and how, or when it came and got no answer. */
export interface Attempt {
  at: number
  status: number | undefined
}

/** A webhook that came again although it had been answered well. */
export interface Repeat {
  idEvent: string
  idSession: string
  firstAt: number
  againAt: number
}

/** What was sent into WhatsApp, what arrived at the subscriber, and what is wrong between the two. */
export class Ledger {
  readonly #sent: Sent[] = []
  readonly #arrivals = new Map<
    string,
    { idEvents: Set<string>; count: number; position: number; at: number }
  >()
  readonly #events = new Map<string, AnyEvent>()
  readonly #byMessage = new Map<string, AnyEvent>()
  /** Webhooks that came again: when they came first, and of which session they are. */
  readonly repeats: Repeat[] = []
  readonly #attempts = new Map<string, Attempt[]>()
  badSignatures = 0

  get sentCount(): number {
    return this.#sent.length
  }

  send(sent: Omit<Sent, 'at'>): void {
    this.#sent.push({ ...sent, at: performance.now() })
  }

  /** A request came. */
  attempt(idEvent: string): Attempt {
    const attempt: Attempt = { at: Date.now(), status: undefined }
    const attempts = this.#attempts.get(idEvent)
    if (attempts) attempts.push(attempt)
    else this.#attempts.set(idEvent, [attempt])
    return attempt
  }

  attemptsOf(idEvent: string): readonly Attempt[] {
    return this.#attempts.get(idEvent) ?? []
  }

  event(idEvent: string): AnyEvent | undefined {
    return this.#events.get(idEvent)
  }

  /** The subscriber has taken it; `attempt` is the request with which it came. */
  arrive(event: AnyEvent, attempt: Attempt): void {
    const { idEvent, idSession } = event
    const before = this.attemptsOf(idEvent).findLast((each) => each !== attempt && each.status === 204)
    if (before) this.repeats.push({ idEvent, idSession, firstAt: before.at, againAt: attempt.at })
    this.#events.set(event.idEvent, event)
    const id = event['idMessage']
    if (typeof id !== 'string' || event.messageType === 'messageStatus') return
    const key = `${event.idSession}/${id}`
    this.#byMessage.set(key, event)
    const known = this.#arrivals.get(key)
    if (known) {
      known.count++
      known.idEvents.add(event.idEvent)
    } else
      this.#arrivals.set(key, {
        idEvents: new Set([event.idEvent]),
        count: 1,
        position: this.#arrivals.size,
        at: performance.now(),
      })
  }

  hasArrived(idSession: string, id: string): boolean {
    return this.#arrivals.has(`${idSession}/${id}`)
  }

  /** The event of a message. */
  find(idSession: string, id: string): AnyEvent | undefined {
    return this.#byMessage.get(`${idSession}/${id}`)
  }

  missing(): Sent[] {
    return this.#sent.filter(({ idSession, id }) => !this.hasArrived(idSession, id))
  }

  /** Messages told as more than one event. */
  split(): string[] {
    return [...this.#arrivals].filter(([, { idEvents }]) => idEvents.size > 1).map(([key]) => key)
  }

  /** Pairs of a chat that arrived in another order than they were sent. */
  disorder(): string[] {
    const wrong: string[] = []
    const last = new Map<string, { id: string; position: number; times: string }>()
    const seconds = (at: number) => (at / 1000).toFixed(1)
    for (const { id, idSession, chat, at } of this.#sent) {
      const arrival = this.#arrivals.get(`${idSession}/${id}`)
      if (!arrival) continue
      const lane = `${idSession}/${chat}`
      const before = last.get(lane)
      const times = `${id} (sent at ${seconds(at)} s, arrived at ${seconds(arrival.at)} s)`
      if (before && before.position > arrival.position)
        wrong.push(`${lane}: ${times} came before ${before.times}`)
      if (!before || before.position < arrival.position)
        last.set(lane, { id, position: arrival.position, times })
    }
    return wrong
  }

  events(): AnyEvent[] {
    return [...this.#events.values()]
  }
}
