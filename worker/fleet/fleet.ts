import { DurableObject } from 'cloudflare:workers'
import { FleetUpFrame, LINK_VERSION, linkClose, maxFrameBytes, type SessionRef } from '../../schema/link.ts'
import type { Env } from '../env.ts'
import { migrate } from '../migrate.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Result } from '../result.ts'
import { AlarmClock } from '../alarm-clock.ts'
import { takeCounts, type Counts } from '../counts.ts'
import { Assignments } from './assignments.ts'
import { AwakeClock } from './awake-clock.ts'
import { closeControl, Connectors, type OnlineConnector } from './connectors.ts'
import { CountBook } from './count-book.ts'
import { MasterKey } from './master-key.ts'
import { writeMetrics } from './metrics.ts'
import { fleetMigrations } from './migrations.ts'
import { chooseConnector, reconcileConnector, type Candidate } from './placement.ts'
import { Rebalance } from './rebalance.ts'
import {
  addTenant,
  countTenants,
  findTenant,
  listTenants,
  removeTenant,
  type TenantEntry,
} from './tenants.ts'

/** The Fleet's times, in milliseconds awake: a connector that is lost has its sessions elsewhere within 15 s. */
const timing = {
  /** A connector not heard for this long is gone: two missed beats. */
  silentMs: 10_000,
  /** How long a connector whose socket closed may take to come back. */
  graceMs: 2000,
  /** The same after the Fleet itself was away, when all come back at once, trying every 3 s. */
  restartGraceMs: 4000,
  /** How long a draining connector may take to hand a session over. */
  handoverMs: 3000,
  /** Asked for this many times without a link, within this time of each other, a session is tried elsewhere. */
  maxAsks: 3,
  askWindowMs: 30_000,
}

/** What the API shows of a connector; times in milliseconds. */
export interface ConnectorView {
  idConnector: string
  status: 'online' | 'draining'
  capacity: number
  sessions: number
  connectedAt: number
  lastBeatAt: number
}

/**
 * The installation's connectors, and which of them runs which session. Assignments are stored; who is there is known by
 * the control sockets. A session whose connector is lost waits a short grace and is then given to another; one without any
 * room waits until there is some. Sessions ask again while they have no link, so nothing here has to be right for ever.
 */
export class Fleet extends DurableObject<Env> {
  readonly #assignments: Assignments
  readonly #masterKey: MasterKey
  readonly #connectors: Connectors
  readonly #alarm: AlarmClock
  readonly #clock = new AwakeClock()
  /** When the sessions of a lost connector move; by connector. */
  readonly #moveAt = new Map<string, number>()
  /** Sessions that are being handed over, and until when that may take. */
  readonly #handovers = new Map<string, number>()
  readonly #asks = new Map<string, { count: number; at: number }>()
  readonly #rebalance: Rebalance
  readonly #counts: CountBook

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#assignments = new Assignments(ctx.storage.sql)
    this.#masterKey = new MasterKey(ctx.storage.sql)
    this.#connectors = new Connectors(ctx)
    this.#counts = new CountBook(ctx.storage.sql)
    this.#alarm = new AlarmClock(ctx.storage)
    this.#rebalance = new Rebalance({
      assignments: this.#assignments,
      candidates: () => this.#candidates(),
      isMovable: async (ref) => this.#isMovable(ref),
      move: (ref, from) => this.#takeFrom(ref, from),
    })
    void ctx.blockConcurrencyWhile(async () => {
      const now = this.#clock.now()
      migrate(ctx.storage, fleetMigrations)
      this.#assignments.load()
      this.#connectors.load(now)
      this.#counts.load()
      await this.#alarm.load()
      if (this.#connectors.online.size > 1) this.#rebalance.begin(now)
      for (const { idConnector } of this.#assignments.all.values()) {
        if (idConnector !== null && !this.#connectors.online.has(idConnector)) {
          this.#moveAt.set(idConnector, now + timing.restartGraceMs)
        }
      }
      await this.#arm()
    })
  }

  /** Makes one; the same `idTenant` makes it once. */
  async createTenant(
    { name }: { name: string },
    idTenant: string = randomId('ten'),
  ): Promise<Result<{ tenant: TenantEntry }, 'idempotencyConflict'>> {
    const { sql } = this.ctx.storage
    if (!findTenant(sql, idTenant)) {
      const tenant = { idTenant, name, createdAt: Date.now() }
      await this.env.TENANT.getByName(idTenant).create(tenant)
      // Another request may have made it meanwhile.
      if (!findTenant(sql, idTenant)) addTenant(sql, tenant)
    }
    const made = this.getTenant(idTenant)
    if (made.ok && made.tenant.name === name) return made
    return fail(
      'idempotencyConflict',
      'This Idempotency-Key was used for another tenant. Use a new key for a new tenant.',
    )
  }

  listTenants(page: { limit: number; cursor?: string | null }): {
    tenants: TenantEntry[]
    cursor: string | null
  } {
    return listTenants(this.ctx.storage.sql, page.limit, page.cursor ?? null)
  }

  getTenant(idTenant: string): Result<{ tenant: TenantEntry }, 'tenantNotFound'> {
    const tenant = findTenant(this.ctx.storage.sql, idTenant)
    return tenant
      ? succeed({ tenant })
      : fail('tenantNotFound', 'There is no such tenant. List the tenants first.')
  }

  /** Erases a tenant and all that is its; the call may be repeated until it succeeds. */
  async deleteTenant(idTenant: string): Promise<Result<object, 'tenantNotFound'>> {
    const found = this.getTenant(idTenant)
    if (!found.ok) return found
    await this.env.TENANT.getByName(idTenant).destroy()
    removeTenant(this.ctx.storage.sql, idTenant)
    return succeed({})
  }

  /** A session is to run, or says that it still has no link. */
  async wantSession(ref: SessionRef): Promise<{ ok: true; idConnector: string | null }> {
    const { idObject } = ref
    const assignment = this.#assignments.all.get(idObject)
    const idConnector = assignment?.idConnector ?? null
    this.#handovers.delete(idObject)
    if (idConnector === null) {
      if (!assignment) this.#assignments.put(ref, null)
      this.#place(ref)
    } else if (this.#connectors.online.has(idConnector)) {
      this.#askAgain(ref, idConnector)
    }
    await this.#arm()
    return succeed({ idConnector: this.#assignments.all.get(idObject)?.idConnector ?? null })
  }

  /** A session is not to run any more. */
  releaseSession(idObject: string): { ok: true } {
    const idConnector = this.#assignments.all.get(idObject)?.idConnector ?? null
    if (idConnector !== null) this.#connectors.send(idConnector, { type: 'release', idObject })
    this.#assignments.remove(idObject)
    this.#handovers.delete(idObject)
    this.#asks.delete(idObject)
    this.#placeWaiting()
    return { ok: true }
  }

  listConnectors(): { connectors: ConnectorView[]; waitingSessions: number } {
    const connectors = [...this.#connectors.online.values()].map(
      ({ idConnector, capacity, isDraining, connectedAt, lastBeatAt }): ConnectorView => ({
        idConnector,
        status: isDraining ? 'draining' : 'online',
        capacity,
        sessions: this.#assignments.loadOf(idConnector),
        connectedAt,
        lastBeatAt,
      }),
    )
    return { connectors, waitingSessions: this.#assignments.waiting().length }
  }

  /** Takes what an isolate has counted. */
  addCounts(counts: Counts): { ok: true } {
    this.#counts.add(counts)
    return { ok: true }
  }

  /** The installation's metrics, as Prometheus reads them. */
  async metrics(): Promise<{ text: string }> {
    this.#counts.add(takeCounts())
    const { connectors, waitingSessions } = this.listConnectors()
    const runningSessions = this.#assignments.all.size - waitingSessions
    const tenants = countTenants(this.ctx.storage.sql)
    const installation = { connectors, runningSessions, waitingSessions, tenants }
    return { text: await writeMetrics(installation, this.#counts.counts) }
  }

  override fetch(request: Request): Response {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response('This is a WebSocket.', { status: 426, headers: { upgrade: 'websocket' } })
    }
    return this.#connectors.accept()
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const frame = parseFrame(data)
    if (typeof frame === 'string') return closeControl(socket, linkClose.badFrame, frame)
    if (frame.type === 'hello') {
      if (frame.version !== LINK_VERSION) {
        return closeControl(socket, linkClose.versionMismatch, `this side speaks version ${LINK_VERSION}`)
      }
      return this.#greet(socket, frame)
    }
    const connector = this.#connectors.find(socket)
    if (!connector) return closeControl(socket, linkClose.badFrame, 'say hello first')
    connector.lastBeatAt = Date.now()
    connector.heardAt = this.#clock.now()
    if (frame.type === 'draining') await this.#drain(connector)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    const connector = this.#connectors.find(socket)
    if (!connector) return
    this.#connectors.drop(connector, 'closed')
    const now = this.#clock.now()
    const graceMs = this.#clock.wasAway(now) ? timing.restartGraceMs : timing.graceMs
    this.#moveAt.set(connector.idConnector, now + (connector.isDraining ? 0 : graceMs))
    await this.#arm()
  }

  /** Never throws: after six failures the platform would forget the alarm. */
  override async alarm(): Promise<void> {
    this.#alarm.spend()
    try {
      const now = this.#clock.now()
      this.#watch(now)
      await this.#rebalance.step(now, this.#moveAt.size === 0 && this.#handovers.size === 0)
      await this.#arm()
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      // oxlint-disable-next-line no-console -- the Worker's log is its console
      console.error(JSON.stringify({ level: 'error', part: 'fleet', error: text }))
      await this.#alarm.ensure(Date.now() + timing.graceMs)
    }
  }

  /** Gives up who is silent, frees what was theirs, and places what waits. */
  #watch(now: number): void {
    for (const connector of this.#connectors.online.values()) {
      if (connector.heardAt + timing.silentMs > now) continue
      this.#connectors.drop(connector, 'not heard any more')
      this.#moveAt.set(connector.idConnector, now)
    }
    const lost: { ref: SessionRef; idConnector: string }[] = []
    for (const [idConnector, at] of this.#moveAt) {
      if (at > now) continue
      this.#moveAt.delete(idConnector)
      for (const { ref } of this.#assignments.of(idConnector)) {
        this.#assignments.put(ref, null)
        lost.push({ ref, idConnector })
      }
    }
    for (const [idObject, until] of this.#handovers) if (until <= now) this.#handovers.delete(idObject)
    this.#placeWaiting()
    for (const { ref, idConnector } of lost) this.#tellLost(ref, idConnector)
  }

  /** A session that nobody else can run for now would go on to show a connector that is silent. */
  #tellLost({ idObject }: SessionRef, idConnector: string): void {
    const { SESSION } = this.env
    if (this.#assignments.all.get(idObject)?.idConnector !== null) return
    const telling = SESSION.get(SESSION.idFromString(idObject)).connectorLost(idConnector)
    this.ctx.waitUntil(telling.catch(() => undefined))
  }

  async #greet(socket: WebSocket, hello: Extract<FleetUpFrame, { type: 'hello' }>): Promise<void> {
    const { idConnector, capacity, running, instance, keyFingerprint, isKeyNew = false } = hello
    if (keyFingerprint !== undefined && !this.#masterKey.admits(keyFingerprint, isKeyNew)) {
      return closeControl(socket, linkClose.otherKey, 'its master key is not that of the installation')
    }
    if (this.#connectors.isTaken(idConnector, instance)) {
      return closeControl(socket, linkClose.nameTaken, 'another connector of this name is there')
    }
    const connectedAt = Date.now()
    const now = this.#clock.now()
    const connector = { idConnector, capacity, isDraining: false, connectedAt, instance }
    this.#connectors.greet(socket, connector, now)
    this.#moveAt.delete(idConnector)
    const { all } = this.#assignments
    const isOnline = (id: string) => this.#connectors.online.has(id)
    const { run, release, adopt } = reconcileConnector(idConnector, running, all, isOnline)
    for (const idObject of release) this.#connectors.send(idConnector, { type: 'release', idObject })
    for (const idObject of adopt) this.#assign(idObject, idConnector)
    for (const idObject of run) this.#run(idObject, idConnector)
    this.#placeWaiting()
    this.#rebalance.begin(now)
    await this.#arm()
  }

  async #drain(connector: OnlineConnector): Promise<void> {
    this.#connectors.drain(connector)
    for (const { ref } of this.#assignments.of(connector.idConnector)) {
      this.#takeFrom(ref, connector.idConnector)
    }
    await this.#arm()
  }

  #takeFrom(ref: SessionRef, idConnector: string): void {
    this.#connectors.send(idConnector, { type: 'release', idObject: ref.idObject })
    this.#assignments.put(ref, null)
    // Its link's close brings it back at once; should that not come, the alarm does.
    this.#handovers.set(ref.idObject, this.#clock.now() + timing.handoverMs)
  }

  async #isMovable({ idObject }: SessionRef): Promise<boolean> {
    const { SESSION } = this.env
    const described = await SESSION.get(SESSION.idFromString(idObject)).describe()
    return described.ok && described.session.state === 'connected'
  }

  #askAgain(ref: SessionRef, idConnector: string): void {
    const now = this.#clock.now()
    const before = this.#asks.get(ref.idObject)
    const count = before && now - before.at < timing.askWindowMs ? before.count + 1 : 1
    this.#asks.set(ref.idObject, { count, at: now })
    const other = count >= timing.maxAsks ? chooseConnector(this.#candidates(), idConnector) : null
    if (other === null) return this.#run(ref.idObject, idConnector)
    this.#connectors.send(idConnector, { type: 'release', idObject: ref.idObject })
    this.#asks.delete(ref.idObject)
    this.#assign(ref.idObject, other)
    this.#run(ref.idObject, other)
  }

  #placeWaiting(): void {
    for (const { ref } of this.#assignments.waiting()) {
      if (!this.#handovers.has(ref.idObject) && !this.#place(ref)) return
    }
  }

  #place({ idObject }: SessionRef): boolean {
    const chosen = chooseConnector(this.#candidates())
    if (chosen === null) return false
    this.#assign(idObject, chosen)
    this.#run(idObject, chosen)
    return true
  }

  #assign(idObject: string, idConnector: string): void {
    const assignment = this.#assignments.all.get(idObject)
    if (assignment) this.#assignments.put(assignment.ref, idConnector)
  }

  #run(idObject: string, idConnector: string): void {
    const assignment = this.#assignments.all.get(idObject)
    if (assignment) this.#connectors.send(idConnector, { type: 'run', session: assignment.ref })
  }

  *#candidates(): Generator<Candidate> {
    for (const { idConnector, capacity, isDraining } of this.#connectors.online.values()) {
      yield { idConnector, capacity, isDraining, load: this.#assignments.loadOf(idConnector) }
    }
  }

  async #arm(): Promise<void> {
    const dues = [...this.#moveAt.values(), ...this.#handovers.values()]
    const rebalanceAt = this.#rebalance.nextDue()
    if (rebalanceAt !== null) dues.push(rebalanceAt)
    for (const { heardAt } of this.#connectors.online.values()) dues.push(heardAt + timing.silentMs)
    if (dues.length > 0) await this.#alarm.ensure(this.#clock.alarmAt(Math.min(...dues)))
  }
}

function parseFrame(data: string | ArrayBuffer): FleetUpFrame | string {
  if (typeof data !== 'string' || data.length > maxFrameBytes) return 'frames are JSON text of a bounded size'
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch {
    return 'the frame is not JSON'
  }
  const parsed = FleetUpFrame.safeParse(json)
  return parsed.success
    ? parsed.data
    : (parsed.error.issues[0]?.message ?? 'the frame does not fit its schema')
}
