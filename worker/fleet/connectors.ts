import { LINK_VERSION, type FleetDownFrame } from '../../schema/link.ts'
import { acceptSocket, closeSocket } from '../link-socket.ts'

/** A connector that is there, as its control socket keeps it over hibernation. */
export interface Connector {
  idConnector: string
  capacity: number
  isDraining: boolean
  connectedAt: number
  /** Which process it is, should two have the same name. */
  instance?: string | undefined
}

export interface OnlineConnector extends Connector {
  socket: WebSocket
  lastBeatAt: number
  /** The same by the Fleet's own clock. */
  heardAt: number
}

/** How often a connector is to be heard. Its beats wake the Fleet, but unlike alarms they write nothing. */
export const beatSeconds = 2

/** The control sockets: who is there, and when each was last heard. */
export class Connectors {
  readonly online = new Map<string, OnlineConnector>()
  readonly #ids = new WeakMap<WebSocket, string>()
  readonly #ctx: DurableObjectState

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx
  }

  /** Takes up the sockets that outlived a hibernation; their silence counts from now, by the Fleet's own clock. */
  load(now: number): void {
    for (const socket of this.#ctx.getWebSockets()) {
      const kept = socket.deserializeAttachment() as Connector | null
      if (kept && socket.readyState === WebSocket.OPEN) this.#keep(socket, kept, Date.now(), now)
    }
  }

  accept(): Response {
    return acceptSocket(this.#ctx)
  }

  /** The connector behind a socket; null before its `hello` and after it was given up. */
  find(socket: WebSocket): OnlineConnector | null {
    const connector = this.online.get(this.#ids.get(socket) ?? '')
    return connector?.socket === socket ? connector : null
  }

  /** Whether another process has this name; one that has come back on another socket is no other. */
  isTaken(idConnector: string, instance: string | undefined): boolean {
    const known = this.online.get(idConnector)?.instance
    return known !== undefined && instance !== undefined && known !== instance
  }

  /** A connector has said who it is. An older socket of the same name is closed. */
  greet(socket: WebSocket, connector: Connector, now: number): void {
    const older = this.online.get(connector.idConnector)
    if (older && older.socket !== socket)
      closeSocket(older.socket, 1000, 'the connector has come back on another socket')
    this.#keep(socket, connector, connector.connectedAt, now)
    socket.serializeAttachment(connector)
    this.send(connector.idConnector, { type: 'welcome', version: LINK_VERSION, beatSeconds })
  }

  drain(connector: OnlineConnector): void {
    connector.isDraining = true
    const { idConnector, capacity, isDraining, connectedAt, instance } = connector
    connector.socket.serializeAttachment({ idConnector, capacity, isDraining, connectedAt, instance })
  }

  /** Gives a connector up; its socket is closed should it still be there. */
  drop(connector: OnlineConnector, reason: string): void {
    this.online.delete(connector.idConnector)
    closeSocket(connector.socket, 1001, reason)
  }

  send(idConnector: string, frame: FleetDownFrame): void {
    try {
      this.online.get(idConnector)?.socket.send(JSON.stringify(frame))
    } catch {
      // Its close is on the way and moves its sessions.
    }
  }

  #keep(socket: WebSocket, connector: Connector, lastBeatAt: number, heardAt: number): void {
    this.#ids.set(socket, connector.idConnector)
    this.online.set(connector.idConnector, { ...connector, socket, lastBeatAt, heardAt })
  }
}
