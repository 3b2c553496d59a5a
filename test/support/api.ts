import type { AnyEvent } from './receiver.ts'

/** A caller of ChatLink's HTTP API with one credential. */
export class Api {
  readonly url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.url = url
    this.#token = token
  }

  /** Any request; JSON bodies are sent and read as such. */
  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as unknown }
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#expectSuccess<Answer>('GET', path)
  }

  post<Answer>(path: string, body?: unknown): Promise<Answer> {
    return this.#expectSuccess<Answer>('POST', path, body)
  }

  async delete(path: string): Promise<void> {
    await this.#expectSuccess('DELETE', path)
  }

  /** The bytes of a stored file and their type. */
  async file(idFile: string): Promise<{ status: number; mimetype: string | null; bytes: Buffer }> {
    const response = await fetch(`${this.url}/v1/files/${idFile}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, mimetype: response.headers.get('content-type'), bytes }
  }

  /** Stores a file. */
  async upload(path: string, bytes: Uint8Array, mimetype: string): Promise<{ idFile: string }> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': mimetype },
      body: new Blob([Uint8Array.from(bytes)]),
    })
    if (response.status !== 201) throw new Error(`POST ${path} answered ${response.status}`)
    return (await response.json()) as { idFile: string }
  }

  async #expectSuccess<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.request(method, path, body)
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
    return answer.body as Answer
  }
}

/** The whole log of a session, pulled page by page. */
export async function pullEvents(api: Api, idSession: string): Promise<AnyEvent[]> {
  const events: AnyEvent[] = []
  for (let after = 0; ;) {
    const page = await api.get<{ events: AnyEvent[]; nextAfter: number; hasMore: boolean }>(
      `/v1/sessions/${idSession}/events?after=${after}&limit=1000`,
    )
    events.push(...page.events)
    if (!page.hasMore) return events
    after = page.nextAfter
  }
}
