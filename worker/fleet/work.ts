import { LINK_VERSION, linkClose, type FleetUpFrame, type SessionRef } from '../../schema/link.ts'
import { AlarmClock } from '../alarm-clock.ts'
import type { Env } from '../env.ts'
import { closeSocket } from '../link-socket.ts'
import { reportFailure } from '../report-failure.ts'
import { Assignments } from './assignments.ts'
import { AwakeClock } from './awake-clock.ts'
import { Connectors, type OnlineConnector } from './connectors.ts'
import { MasterKey } from './master-key.ts'
import { reconcileConnector } from './placement.ts'
import { Placer } from './placer.ts'
import { Rebalance } from './rebalance.ts'
import { timing } from './timing.ts'
import { Trust } from './trust.ts'

type Hello = Extract<FleetUpFrame, { type: 'hello' }>

/**
 * The Fleet at work: who is there, who was lost, what moves. A session whose connector is lost waits a short grace and is
 * then given to another; one without any room waits until there is some.
 */
export class Work {
  readonly assignments: Assignments
  readonly connectors: Connectors
  readonly trust = new Trust()
  readonly placer: Placer
  readonly #ctx: DurableObjectState
  readonly #env: Env
  readonly #alarm: AlarmClock
  readonly #clock = new AwakeClock()
  readonly #masterKey: MasterKey
  readonly #rebalance: Rebalance
  /** When the sessions of a lost connector move; by connector. */
  readonly #moveAt = new Map<string, number>()

  constructor(ctx: DurableObjectState, env: Env) {
    this.#ctx = ctx
    this.#env = env
    this.assignments = new Assignments(ctx.storage.sql)
    this.connectors = new Connectors(ctx)
    this.#masterKey = new MasterKey(ctx.storage.sql)
    this.#alarm = new AlarmClock(ctx.storage)
    const { assignments, connectors, trust } = this
    const placer = new Placer({ assignments, connectors, trust, clock: this.#clock })
    this.placer = placer
    this.#rebalance = new Rebalance({
      assignments,
      candidates: () => placer.candidates(),
      isMovable: async (ref) => this.#isMovable(ref),
      move: (ref, from) => placer.takeFrom(ref, from),
    })
  }

  /** Reads what is stored; to be awaited before anything else. */
  async load(): Promise<void> {
    const now = this.#clock.now()
    this.assignments.load()
    this.connectors.load(now)
    await this.#alarm.load()
    if (this.connectors.online.size > 1) this.#rebalance.begin(now)
    for (const { idConnector } of this.assignments.all.values()) {
      if (idConnector !== null && !this.connectors.online.has(idConnector)) {
        this.#moveAt.set(idConnector, now + timing.restartGraceMs)
      }
    }
    await this.arm()
  }

  /** Handles one frame of a connector. */
  async receive(socket: WebSocket, frame: FleetUpFrame): Promise<void> {
    if (frame.type === 'hello') return this.#greet(socket, frame)
    const connector = this.connectors.find(socket)
    if (!connector) return closeSocket(socket, linkClose.badFrame, 'say hello first')
    connector.lastBeatAt = Date.now()
    connector.heardAt = this.#clock.now()
    if (frame.type === 'draining') this.#drain(connector)
    await this.arm()
  }

  /** A control socket has closed: its connector may come back within a grace. */
  async closed(socket: WebSocket): Promise<void> {
    const connector = this.connectors.find(socket)
    if (!connector) return
    this.connectors.drop(connector, 'closed')
    const now = this.#clock.now()
    const graceMs = this.#clock.wasAway(now) ? timing.restartGraceMs : timing.graceMs
    this.#moveAt.set(connector.idConnector, now + (connector.isDraining ? 0 : graceMs))
    await this.arm()
  }

  /** Does what is due. Never throws: after six failures the platform would forget the alarm. */
  async ring(): Promise<void> {
    this.#alarm.spend()
    try {
      const now = this.#clock.now()
      this.#watch(now)
      await this.#hearWitnesses()
      await this.#rebalance.step(now, this.#moveAt.size === 0 && this.placer.handovers.size === 0)
      await this.arm()
    } catch (error) {
      reportFailure('fleet', error)
      await this.#alarm.ensure(Date.now() + timing.graceMs)
    }
  }

  /** Makes sure that the alarm rings when the next thing is due. */
  async arm(): Promise<void> {
    const dues = [...this.#moveAt.values(), ...this.placer.handovers.values()]
    const rebalanceAt = this.#rebalance.nextDue()
    if (rebalanceAt !== null) dues.push(rebalanceAt)
    for (const { heardAt } of this.connectors.online.values()) dues.push(heardAt + timing.silentMs)
    if (dues.length > 0) await this.#alarm.ensure(this.#clock.alarmAt(Math.min(...dues)))
  }

  /** Gives up who is silent, frees what was theirs, and places what waits. */
  #watch(now: number): void {
    for (const connector of this.connectors.online.values()) {
      const { idConnector, instance, heardAt } = connector
      if (heardAt + timing.silentMs > now) continue
      this.connectors.drop(connector, 'not heard any more')
      this.trust.failed(idConnector, instance, `silence:${now}`, now)
      this.#moveAt.set(idConnector, now)
    }
    const lost: { ref: SessionRef; idConnector: string }[] = []
    for (const [idConnector, at] of this.#moveAt) {
      if (at > now) continue
      this.#moveAt.delete(idConnector)
      for (const { ref } of this.assignments.of(idConnector)) {
        this.assignments.put(ref, null)
        lost.push({ ref, idConnector })
      }
    }
    this.placer.endHandovers(now)
    this.placer.placeWaiting()
    for (const { ref, idConnector } of lost) this.#tellLost(ref, idConnector)
  }

  /** A session that nobody else can run for now would go on to show a connector that is silent. */
  #tellLost({ idObject }: SessionRef, idConnector: string): void {
    if (this.assignments.all.get(idObject)?.idConnector !== null) return
    const telling = this.#session(idObject).connectorLost(idConnector)
    this.#ctx.waitUntil(telling.catch(() => undefined))
  }

  /** Asks sessions whether a connector that was failing has begun one of them. */
  async #hearWitnesses(): Promise<void> {
    for (const idConnector of this.connectors.online.keys()) {
      const isItsOwn = (idObject: string) => this.assignments.all.get(idObject)?.idConnector === idConnector
      for (const idObject of this.trust.witnesses(idConnector, isItsOwn)) {
        const shown = await this.#session(idObject).describe()
        if (!shown.ok || shown.session.idConnector !== idConnector) continue
        this.trust.prove(idConnector)
        this.placer.placeWaiting()
        break
      }
    }
  }

  async #greet(socket: WebSocket, hello: Hello): Promise<void> {
    const { version, idConnector, capacity, running, instance, keyFingerprint, isKeyNew = false } = hello
    if (version !== LINK_VERSION) {
      return closeSocket(socket, linkClose.versionMismatch, `this side speaks version ${LINK_VERSION}`)
    }
    if (keyFingerprint !== undefined && !this.#masterKey.admits(keyFingerprint, isKeyNew)) {
      return closeSocket(socket, linkClose.otherKey, 'its master key is not that of the installation')
    }
    const { connectors, placer } = this
    if (connectors.isTaken(idConnector, instance)) {
      return closeSocket(socket, linkClose.nameTaken, 'another connector of this name is there')
    }
    const now = this.#clock.now()
    const connector = { idConnector, capacity, isDraining: false, connectedAt: Date.now(), instance }
    connectors.greet(socket, connector, now)
    this.trust.meet(idConnector, instance)
    this.#moveAt.delete(idConnector)
    const isOnline = (id: string) => connectors.online.has(id)
    const { run, release, adopt } = reconcileConnector(idConnector, running, this.assignments.all, isOnline)
    for (const idObject of release) connectors.send(idConnector, { type: 'release', idObject })
    for (const idObject of adopt) placer.assign(idObject, idConnector)
    for (const idObject of run) placer.run(idObject, idConnector)
    placer.placeWaiting()
    this.#rebalance.begin(now)
    await this.arm()
  }

  #drain(connector: OnlineConnector): void {
    const { idConnector } = connector
    this.connectors.drain(connector)
    for (const { ref } of this.assignments.of(idConnector)) this.placer.takeFrom(ref, idConnector)
  }

  async #isMovable({ idObject }: SessionRef): Promise<boolean> {
    const described = await this.#session(idObject).describe()
    return described.ok && described.session.state === 'connected'
  }

  #session(idObject: string) {
    const { SESSION } = this.#env
    return SESSION.get(SESSION.idFromString(idObject))
  }
}
