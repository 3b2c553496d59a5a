import WebSocket from 'ws'
import { LINK_VERSION, type KeyChange, type SessionRef } from '../../schema/link.ts'

const maxInFlight = 4

/** A connector without WhatsApp: takes sessions from the Fleet and commits events as fast as it is told to. */
export class RawConnector {
  readonly #url: string
  readonly #token: string
  readonly #refs: SessionRef[] = []
  /** Sessions whose link was closed are handed over again; nobody asks for them. */
  readonly #known = new Set<string>()
  #control: WebSocket | undefined
  #wake: () => void = () => undefined

  constructor(url: string, token: string) {
    this.#url = url.replace(/^http/, 'ws')
    this.#token = token
  }

  async open(capacity: number): Promise<void> {
    const control = this.#connect('/link/fleet')
    this.#control = control
    control.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as { type: string; session: SessionRef }
      if (frame.type === 'run' && !this.#known.has(frame.session.idObject)) {
        this.#known.add(frame.session.idObject)
        this.#refs.push(frame.session)
      }
      this.#wake()
    })
    await new Promise((done) => control.once('open', done))
    const hello = { type: 'hello', version: LINK_VERSION, idConnector: 'bench', capacity, running: [] }
    control.send(JSON.stringify(hello))
    setInterval(() => control.send(JSON.stringify({ type: 'beat' })), 3000).unref()
  }

  /** Waits until the Fleet has handed over so many sessions, then links each. */
  async link(count: number): Promise<RawLink[]> {
    while (this.#refs.length < count) await new Promise<void>((done) => (this.#wake = done))
    const refs = this.#refs.splice(0, count)
    const links: RawLink[] = []
    for (const ref of refs) links.push(await this.relink(ref))
    return links
  }

  /** A new link of a session, in place of the one that it has. */
  relink(ref: SessionRef): Promise<RawLink> {
    return RawLink.open(this.#connect(`/link/sessions/${ref.idObject}`), ref)
  }

  close(): void {
    this.#control?.terminate()
  }

  #connect(path: string): WebSocket {
    const headers = { authorization: `Bearer ${this.#token}` }
    // As the connector has it: to compress what goes over loopback costs both sides more than it spares.
    return new WebSocket(this.#url + path, { headers, perMessageDeflate: false })
  }
}

interface Check {
  idCommand: string
  command: { kind: string; numbers: string[] }
}

export class RawLink {
  readonly ref: SessionRef
  readonly #socket: WebSocket
  #epoch = 0
  #last = 0
  #acked = 0
  #gathered: object[] = []
  #keys = new Map<string, KeyChange>()
  #idle: (() => void)[] = []

  private constructor(socket: WebSocket, ref: SessionRef) {
    this.#socket = socket
    this.ref = ref
  }

  static async open(socket: WebSocket, ref: SessionRef): Promise<RawLink> {
    const link = new RawLink(socket, ref)
    await new Promise((done) => socket.once('open', done))
    const ready = new Promise<void>((done) => {
      socket.on('message', (data) => link.#receive(JSON.parse((data as Buffer).toString()), done))
    })
    socket.send(JSON.stringify({ type: 'hello', version: LINK_VERSION, idConnector: 'bench' }))
    await ready
    return link
  }

  /** Events and keys that go with the next commit; sent at once while fewer than four commits are under way. */
  commit(events: object[], keys: KeyChange[] = []): void {
    for (const event of events) this.#gathered.push(event)
    for (const key of keys) this.#keys.set(key.id, key)
    this.#flush()
  }

  /** Resolves when all that was committed is acknowledged. */
  async drained(): Promise<void> {
    while (this.#acked < this.#last || this.#gathered.length > 0)
      await new Promise<void>((done) => this.#idle.push(done))
  }

  /** Resolves when what is committed next is sent at once. */
  async room(): Promise<void> {
    while (this.#last - this.#acked >= maxInFlight) await new Promise<void>((done) => this.#idle.push(done))
  }

  close(): void {
    this.#socket.terminate()
  }

  #flush(reports: object[] = []): void {
    if (this.#last - this.#acked >= maxInFlight) return
    if (this.#gathered.length === 0 && reports.length === 0) return
    const events = this.#gathered.splice(0, 200).map((event) => ({ event }))
    const keys = [...this.#keys.values()]
    this.#keys.clear()
    this.#last++
    const frame = { type: 'commit', epoch: this.#epoch, n: this.#last, keys, events, reports }
    this.#socket.send(JSON.stringify(frame))
  }

  #receive(
    frame: { type: string; epoch: number; last: number; done?: boolean; n: number } & Partial<Check>,
    ready: () => void,
  ): void {
    if (frame.type === 'welcome') {
      this.#epoch = frame.epoch
      this.#last = frame.last
      this.#acked = frame.last
    } else if (frame.type === 'keys' && frame.done) ready()
    else if (frame.command?.kind === 'checkNumbers') {
      const contacts = frame.command.numbers.map((number) => {
        return { number, jid: `${number}@s.whatsapp.net`, exists: true }
      })
      const { idCommand } = frame
      this.#flush([{ report: 'command', idCommand, outcome: 'done', result: { contacts } }])
    } else if (frame.type === 'ack') {
      this.#acked = Math.max(this.#acked, frame.n)
      this.#flush()
      for (const done of this.#idle.splice(0)) done()
    }
  }
}
