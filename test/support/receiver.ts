import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

export type AnyEvent = Record<string, unknown> & { messageType: string; idSession: string; idEvent: string }

export interface ReceivedWebhook {
  event: AnyEvent
  /** The body exactly as it came. */
  body: string
  headers: IncomingHttpHeaders
  receivedAt: number
  /** Why the signature does not hold; `undefined` when it does. */
  signatureProblem: string | undefined
}

/**
 * A subscriber: takes webhooks, verifies each signature as any customer would, with the `standardwebhooks` package, and
 * keeps them. What is wrongly signed is answered with 401.
 */
export class Receiver {
  readonly webhooks: ReceivedWebhook[] = []
  /** Called with each webhook, good or bad. */
  onWebhook: ((webhook: ReceivedWebhook) => void) | undefined
  /** The status that a well signed webhook is answered with, at once or later; `undefined` breaks the connection. */
  answer: (webhook: ReceivedWebhook) => number | Promise<number | undefined> = () => 204
  #secret = ''
  #server: Server
  readonly #waiting = new Set<() => void>()

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const webhook = this.#take(Buffer.concat(chunks).toString('utf8'), request.headers)
        const status = webhook.signatureProblem === undefined ? this.answer(webhook) : 401
        if (typeof status === 'number') response.writeHead(status).end()
        else void status.then((late) => (late ? response.writeHead(late).end() : response.destroy()))
      })
    })
  }

  static async start(port = 0): Promise<Receiver> {
    const receiver = new Receiver()
    await new Promise<void>((done, fail) => {
      receiver.#server.once('error', fail).listen(port, '127.0.0.1', done)
    })
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/webhook`
  }

  /** The subscription's secret, `whsec_…`. */
  trust(secret: string): void {
    this.#secret = secret
  }

  events(messageType?: string): AnyEvent[] {
    return this.webhooks
      .map(({ event }) => event)
      .filter((e) => !messageType || e.messageType === messageType)
  }

  /** The first webhook that fits, among those that came and those to come. */
  waitFor(fits: (event: AnyEvent) => boolean, what: string, timeoutMs = 15_000): Promise<ReceivedWebhook> {
    return new Promise((done, fail) => {
      const check = () => {
        const found = this.webhooks.find(({ event }) => fits(event))
        if (!found) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        done(found)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        const seen = this.webhooks.map(({ event }) => describe(event)).join(', ') || 'none'
        fail(new Error(`no webhook came for ${what} within ${timeoutMs} ms; those that came: ${seen}`))
      }, timeoutMs)
      this.#waiting.add(check)
      check()
    })
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  #take(body: string, headers: IncomingHttpHeaders): ReceivedWebhook {
    let signatureProblem: string | undefined
    let event = {} as AnyEvent
    try {
      new Webhook(this.#secret).verify(body, headers as Record<string, string>)
      event = JSON.parse(body) as AnyEvent
      if (headers['webhook-id'] !== event.idEvent) signatureProblem = 'webhook-id is not the idEvent'
    } catch (error) {
      signatureProblem = (error as Error).message
    }
    const webhook = { event, body, headers, receivedAt: Date.now(), signatureProblem }
    this.webhooks.push(webhook)
    this.onWebhook?.(webhook)
    for (const check of this.#waiting) check()
    return webhook
  }
}

function describe(event: AnyEvent): string {
  return event.messageType === 'sessionUpdate'
    ? `sessionUpdate ${String(event['action'])}`
    : event.messageType
}
