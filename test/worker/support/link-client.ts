import {
  LINK_VERSION,
  LinkDownFrame,
  type EventEntry,
  type LinkUpFrame,
  type SessionReport,
} from '../../../schema/link.ts'

type Down<Type extends LinkDownFrame['type']> = Extract<LinkDownFrame, { type: Type }>
type Commit = Extract<LinkUpFrame, { type: 'commit' }>

type Check = { idCommand: string; command: { kind: 'checkNumbers'; numbers: string[] } }

/** The connector's end of a session's link, frame by frame; questions about numbers are answered and left out. */
export class LinkClient {
  readonly frames: LinkDownFrame[] = []
  closed: { code: number; reason: string } | null = null
  epoch = 0
  n = 0
  /** What WhatsApp says of a number; without it the questions are left to the test. */
  jidOf: ((number: string) => string | null) | null = (number) => `${number}@s.whatsapp.net`
  readonly #socket: WebSocket
  #changed = Promise.withResolvers<void>()

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', (event) => {
      const frame = LinkDownFrame.parse(JSON.parse(event.data as string))
      const isCheck = frame.type === 'command' && frame.command.kind === 'checkNumbers'
      if (isCheck && this.jidOf) return this.#answer(frame as Check, this.jidOf)
      this.frames.push(frame)
      this.#notify()
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason }
      this.#notify()
    })
    socket.accept()
  }

  /** Opens a socket without saying anything. */
  static async open(object: { fetch(request: Request): Promise<Response> }): Promise<LinkClient> {
    const response = await object.fetch(
      new Request('http://worker/link', { headers: { upgrade: 'websocket' } }),
    )
    if (!response.webSocket) throw new Error(`no WebSocket: ${response.status}`)
    return new LinkClient(response.webSocket)
  }

  /** Opens a socket, says hello and waits for the keys. */
  static async attach(
    object: { fetch(request: Request): Promise<Response> },
    options: { idConnector?: string; resumeEpoch?: number } = {},
  ): Promise<LinkClient> {
    const client = await LinkClient.open(object)
    const { idConnector = 'connector-a', resumeEpoch } = options
    client.send({
      type: 'hello',
      version: LINK_VERSION,
      idConnector,
      ...(resumeEpoch ? { resumeEpoch } : {}),
    })
    const welcome = await client.next('welcome')
    await client.until(() => client.frames.some((frame) => frame.type === 'keys' && frame.done))
    client.epoch = welcome.epoch
    client.n = welcome.last
    return client
  }

  send(frame: LinkUpFrame | Record<string, unknown> | string): void {
    this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Sends the next commit and waits until it is durable. */
  async commit(content: Pick<Commit, 'keys' | 'events' | 'reports'>): Promise<number> {
    this.n += 1
    this.send({ type: 'commit', epoch: this.epoch, n: this.n, ...content })
    await this.acked(this.n)
    return this.n
  }

  async report(...reports: SessionReport[]): Promise<void> {
    await this.commit({ reports })
  }

  async deliver(...events: EventEntry['event'][]): Promise<void> {
    await this.commit({ events: events.map((event) => ({ event })) })
  }

  async acked(n: number): Promise<void> {
    await this.until(() => this.frames.some((frame) => frame.type === 'ack' && frame.n === n))
  }

  /** The first frame of a type, waited for. */
  async next<Type extends LinkDownFrame['type']>(type: Type): Promise<Down<Type>> {
    await this.until(() => this.frames.some((frame) => frame.type === type))
    return this.all(type)[0] as Down<Type>
  }

  all<Type extends LinkDownFrame['type']>(type: Type): Down<Type>[] {
    return this.frames.filter((frame) => frame.type === type) as Down<Type>[]
  }

  async closedWith(): Promise<number> {
    await this.until(() => this.closed !== null, true)
    return this.closed?.code ?? 0
  }

  close(code = 1000): void {
    this.#socket.close(code)
  }

  async until(condition: () => boolean, evenClosed = false): Promise<void> {
    const deadline = Date.now() + 5000
    while (!condition()) {
      if (this.closed && !evenClosed) throw new Error(`closed ${this.closed.code} ${this.closed.reason}`)
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, 100))
      await Promise.race([this.#changed.promise, timeout])
      if (performance.now() > 0 && Date.now() > deadline) {
        throw new Error(`nothing came; frames: ${JSON.stringify(this.frames.map((frame) => frame.type))}`)
      }
    }
  }

  #answer({ idCommand, command }: Check, jidOf: (number: string) => string | null): void {
    const contacts = command.numbers.map((number) => {
      const jid = jidOf(number)
      return { number, jid, exists: jid !== null }
    })
    void this.report({ report: 'command', idCommand, outcome: 'done', result: { contacts } })
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
