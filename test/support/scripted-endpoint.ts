import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Received, Step } from './endpoint-step.ts'

interface Endpoint {
  steps: Step[]
  /** Steps for single events, by `webhook-id` or by a text in the body; they win over `steps`. */
  matching: { text: string; steps: Step[] }[]
  received: Received[]
  concurrent: number
  mostConcurrent: number
}

/**
 * A server on which every path is a subscriber that misbehaves as told: the steps are used up one by one, the last one
 * goes on. In process it is driven by its methods; from elsewhere by `PUT /_script/<path>` and `GET /_received/<path>`.
 */
export class ScriptedEndpoints {
  readonly #server: Server
  readonly #endpoints = new Map<string, Endpoint>()

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => this.#serve(request, response, Buffer.concat(chunks).toString('utf8')))
      request.on('error', () => undefined)
      response.on('error', () => undefined)
    })
    this.#server.keepAliveTimeout = 60_000
  }

  static async start(): Promise<ScriptedEndpoints> {
    const endpoints = new ScriptedEndpoints()
    await new Promise<void>((done) => {
      endpoints.#server.listen(0, '127.0.0.1', done)
    })
    return endpoints
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  url(path: string): string {
    return `${this.origin}/${path}`
  }

  script(path: string, steps: Step[]): void {
    this.#endpoint(path).steps = steps
  }

  /** Answers by other steps the events whose body holds a text. */
  scriptMatching(path: string, text: string, steps: Step[]): void {
    const { matching } = this.#endpoint(path)
    const index = matching.findIndex((one) => one.text === text)
    if (index === -1) matching.push({ text, steps })
    else matching[index] = { text, steps }
  }

  received(path: string): Received[] {
    return this.#endpoint(path).received
  }

  /** Requests that are not answered to their end. */
  concurrent(path: string): number {
    return this.#endpoint(path).concurrent
  }

  mostConcurrent(path: string): number {
    return this.#endpoint(path).mostConcurrent
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  #serve(request: IncomingMessage, response: ServerResponse, body: string): void {
    const [, first = '', ...rest] = (request.url ?? '/').split('/')
    if (first === '_script') {
      const { steps, matching } = JSON.parse(body) as { steps?: Step[]; matching?: Endpoint['matching'] }
      if (steps) this.script(rest.join('/'), steps)
      for (const one of matching ?? []) this.scriptMatching(rest.join('/'), one.text, one.steps)
      response.writeHead(204).end()
    } else if (first === '_received') {
      const { received, concurrent, mostConcurrent } = this.#endpoint(rest.join('/'))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ received, concurrent, mostConcurrent }))
    } else {
      this.#answer([first, ...rest].join('/'), request, response, body)
    }
  }

  #answer(path: string, request: IncomingMessage, response: ServerResponse, body: string): void {
    const endpoint = this.#endpoint(path)
    const { steps } = endpoint.matching.find(({ text }) => body.includes(text)) ?? endpoint
    const step = (steps.length > 1 ? steps.shift() : steps[0]) ?? {}
    const status = step.status ?? 200
    endpoint.received.push({
      at: Date.now(),
      method: request.method ?? '',
      path,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      ),
      body,
      status: step.fault ? 0 : status,
    })
    endpoint.concurrent++
    endpoint.mostConcurrent = Math.max(endpoint.mostConcurrent, endpoint.concurrent)
    response.on('close', () => {
      endpoint.concurrent--
    })
    setTimeout(() => play(request, response, step, status), step.delayMs ?? 0)
  }

  #endpoint(path: string): Endpoint {
    const known = this.#endpoints.get(path)
    if (known) return known
    const endpoint = { steps: [], matching: [], received: [], concurrent: 0, mostConcurrent: 0 }
    this.#endpoints.set(path, endpoint)
    return endpoint
  }
}

function play(request: IncomingMessage, response: ServerResponse, step: Step, status: number): void {
  if (step.fault === 'reset') request.socket.resetAndDestroy()
  if (step.fault) return
  response.writeHead(status, step.headers)
  if (step.dripMs !== undefined) drip(response, step.dripMs)
  else if (step.floodBytes === undefined) response.end(step.body ?? '')
  else flood(response, step.floodBytes)
}

function drip(response: ServerResponse, everyMs: number): void {
  response.write('.')
  const timer = setInterval(() => response.write('.'), everyMs)
  response.on('close', () => clearInterval(timer))
}

function flood(response: ServerResponse, bytes: number): void {
  const chunk = 'x'.repeat(64 * 1024)
  let left = bytes
  const more = () => {
    while (left > 0) {
      left -= chunk.length
      if (!response.write(chunk)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
}
