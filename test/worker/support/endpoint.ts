import { inject } from 'vitest'
import type { Received, Step } from '../../support/endpoint-step.ts'

let count = 0

/** A subscriber's endpoint outside workerd, answering as told. */
export class Endpoint {
  readonly path: string
  readonly origin = inject('endpointOrigin')

  constructor() {
    count += 1
    this.path = `${crypto.randomUUID()}-${count}`
  }

  get url(): string {
    return `${this.origin}/${this.path}`
  }

  /** Uses up the steps one by one; the last one goes on. */
  async script(...steps: Step[]): Promise<void> {
    await this.#put({ steps })
  }

  /** Other steps for the events whose body holds a text. */
  async scriptMatching(text: string, ...steps: Step[]): Promise<void> {
    await this.#put({ matching: [{ text, steps }] })
  }

  async received(): Promise<Received[]> {
    return (await this.#state()).received
  }

  /** Requests that are not answered to their end. */
  async concurrent(): Promise<number> {
    return (await this.#state()).concurrent
  }

  async mostConcurrent(): Promise<number> {
    return (await this.#state()).mostConcurrent
  }

  /** Texts of the messages that came, in order. */
  async values(): Promise<unknown[]> {
    const received = await this.received()
    return received.map(({ body }) => (JSON.parse(body) as { value?: unknown }).value)
  }

  async #put(body: unknown): Promise<void> {
    await fetch(`${this.origin}/_script/${this.path}`, { method: 'PUT', body: JSON.stringify(body) })
  }

  async #state(): Promise<{ received: Received[]; concurrent: number; mostConcurrent: number }> {
    const response = await fetch(`${this.origin}/_received/${this.path}`)
    return response.json()
  }
}
