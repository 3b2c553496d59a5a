import { randomUUID } from 'node:crypto'
import type { RawLink } from '../bench/raw-link.ts'
import type { Received, Step } from '../support/endpoint-step.ts'
import type { ConformanceStage } from './stage.ts'
import { waitUntil } from './waiting.ts'

export interface Delivery {
  idEvent: string
  sequence: number
  status: string
  attempts: number
  nextAttemptAt: string | null
  lastStatusCode: number | null
  lastError: string | null
  deliveredAt: string | null
}

export interface Attempt {
  at: string
  statusCode: number | null
  errorClass: string | null
  durationMs: number
  trigger: string
  url: string
  responseExcerpt: string | null
  nextAttemptAt: string | null
}

export interface Subscription {
  idSubscription: string
  secret: string
  status: string
  statusReason: string | null
}

export interface Health {
  state: string
  sequence: number
  cursor: number
  lagEvents: number
  lagSeconds: number
}

/** One session, its subscription and the endpoint behind it. */
export class Case {
  readonly path = randomUUID()
  readonly idSession: string
  readonly link: RawLink
  readonly stage: ConformanceStage
  subscription: Subscription = { idSubscription: '', secret: '', status: '', statusReason: null }

  constructor(stage: ConformanceStage, idSession: string, link: RawLink) {
    this.stage = stage
    this.idSession = idSession
    this.link = link
  }

  subscribe(settings: Record<string, unknown> = {}): Promise<Subscription> {
    return this.stage.api.post<Subscription>('/v1/subscriptions', {
      url: this.stage.endpoints.url(this.path),
      sessions: [this.idSession],
      events: ['conversation'],
      ...settings,
    })
  }

  get root(): string {
    return `/v1/subscriptions/${this.subscription.idSubscription}`
  }

  script(...steps: Step[]): void {
    this.stage.endpoints.script(this.path, steps)
  }

  scriptMatching(text: string, ...steps: Step[]): void {
    this.stage.endpoints.scriptMatching(this.path, text, steps)
  }

  /** Commits events; resolves when they are durable. */
  async publish(...events: Record<string, unknown>[]): Promise<void> {
    this.link.commit(events.map((event) => ({ idSession: this.idSession, ...event })))
    await this.link.drained()
  }

  get received(): Received[] {
    return this.stage.endpoints.received(this.path)
  }

  /** The texts that came, in order. */
  get values(): string[] {
    return this.received.map(({ body }) => String((JSON.parse(body) as { value?: string }).value))
  }

  /** Waits until so many requests have come. */
  async until(count: number, withinMs = 20_000): Promise<Received[]> {
    try {
      await waitUntil(() => this.received.length >= count, `${count} requests`, withinMs)
    } catch (cause) {
      const state = JSON.stringify([await this.status(), await this.deliveries('limit=5')])
      throw new Error(`${this.received.length} of ${count} requests came; ${state}`, { cause })
    }
    return this.received
  }

  async deliveries(query = ''): Promise<Delivery[]> {
    const { deliveries } = await this.stage.api.get<{ deliveries: Delivery[] }>(
      `${this.root}/deliveries?${query}`,
    )
    return deliveries
  }

  async attempts(idEvent: string): Promise<Attempt[]> {
    const { attemptLog } = await this.stage.api.get<{ attemptLog: Attempt[] }>(
      `${this.root}/deliveries/${idEvent}`,
    )
    return attemptLog
  }

  /** Waits until the only or newest delivery has a status. */
  async untilStatus(status: string, withinMs = 20_000): Promise<Delivery> {
    let found: Delivery | undefined
    await waitUntil(
      async () => {
        found = (await this.deliveries()).find((one) => one.status === status)
        return found !== undefined
      },
      `a delivery that is ${status}`,
      withinMs,
    )
    return found as Delivery
  }

  async patch(changes: Record<string, unknown>): Promise<void> {
    const { status, body } = await this.stage.api.request('PATCH', this.root, changes)
    if (status !== 200) throw new Error(`PATCH answered ${status}: ${JSON.stringify(body)}`)
  }

  async status(): Promise<Subscription> {
    return this.stage.api.get<Subscription>(this.root)
  }

  /** How each session fares. */
  async health(): Promise<Health[] | undefined> {
    return (await this.stage.api.get<{ health: Health[] }>(this.root)).health
  }

  get secret(): string {
    return this.subscription.secret
  }
}
