import { env } from 'cloudflare:workers'
import { FleetDownFrame, LINK_VERSION, type FleetUpFrame } from '../../../schema/link.ts'

/** A connector's control socket. */
export class FleetClient {
  readonly frames: FleetDownFrame[] = []
  closed: { code: number; reason: string } | null = null
  readonly idConnector: string
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, idConnector: string) {
    this.#socket = socket
    this.idConnector = idConnector
    socket.addEventListener('message', (event) => {
      this.frames.push(FleetDownFrame.parse(JSON.parse(event.data as string)))
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.closed = { code, reason }
    })
    socket.accept()
  }

  static async open(idConnector = 'nobody'): Promise<FleetClient> {
    const request = new Request('http://worker/link/fleet', { headers: { upgrade: 'websocket' } })
    const response = await env.FLEET.getByName('fleet').fetch(request)
    if (!response.webSocket) throw new Error(`no WebSocket: ${response.status}`)
    return new FleetClient(response.webSocket, idConnector)
  }

  /** Says hello and waits for the welcome. */
  static async join(
    idConnector: string,
    options: Partial<Extract<FleetUpFrame, { type: 'hello' }>> = {},
  ): Promise<FleetClient> {
    const client = await FleetClient.open(idConnector)
    client.send({
      type: 'hello',
      version: LINK_VERSION,
      idConnector,
      capacity: 10,
      running: [],
      ...options,
    })
    await client.until(() => client.frames.some(({ type }) => type === 'welcome'))
    return client
  }

  send(frame: FleetUpFrame | Record<string, unknown> | string): void {
    this.#socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Sessions that it was told to run, in order. */
  get told(): string[] {
    return this.frames.flatMap((frame) => (frame.type === 'run' ? frame.session.idObject : []))
  }

  /** Sessions that it was told to give up, in order. */
  get released(): string[] {
    return this.frames.flatMap((frame) => (frame.type === 'release' ? frame.idObject : []))
  }

  async runs(idObject: string): Promise<void> {
    await this.until(() => this.told.includes(idObject))
  }

  close(): void {
    this.#socket.close(1000)
  }

  async until(condition: () => boolean): Promise<void> {
    for (let turn = 0; turn < 300; turn++) {
      if (condition()) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`nothing came; frames: ${JSON.stringify(this.frames)}`)
  }
}
