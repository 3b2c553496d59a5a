import { DurableObject } from 'cloudflare:workers'
import type { WaitingReason } from '../../schema/api/placement.ts'
import { FleetUpFrame, linkClose, type SessionRef } from '../../schema/link.ts'
import type { Env } from '../env.ts'
import { migrate } from '../migrate.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Result } from '../result.ts'
import { takeCounts, type Counts } from '../counts.ts'
import { closeSocket, readFrame } from '../link-socket.ts'
import { CountBook } from './count-book.ts'
import { writeMetrics } from './metrics.ts'
import { fleetMigrations } from './migrations.ts'
import {
  addTenant,
  countTenants,
  findTenant,
  listTenants,
  removeTenant,
  type TenantEntry,
} from './tenants.ts'
import { Work } from './work.ts'

/** Who is to run a session, or why nobody does. */
export interface FleetAnswer {
  ok: true
  idConnector: string | null
  waitingReason: WaitingReason | null
}

/** What the API shows of a connector; times in milliseconds. */
export interface ConnectorView {
  idConnector: string
  /** `failing`: it does not begin what it is given, and is given nothing more until it does. */
  status: 'online' | 'draining' | 'failing'
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
  readonly #work: Work
  readonly #counts: CountBook

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#work = new Work(ctx, env)
    this.#counts = new CountBook(ctx.storage.sql)
    void ctx.blockConcurrencyWhile(async () => {
      migrate(ctx.storage, fleetMigrations)
      this.#counts.load()
      await this.#work.load()
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
  async wantSession(ref: SessionRef): Promise<FleetAnswer> {
    const { placer, connectors } = this.#work
    const idConnector = placer.want(ref)
    await this.#work.arm()
    if (idConnector !== null) return { ok: true, idConnector, waitingReason: null }
    const waitingReason = connectors.online.size === 0 ? 'noConnector' : 'noRoom'
    return { ok: true, idConnector, waitingReason }
  }

  /** A session is not to run any more. */
  releaseSession(idObject: string): { ok: true } {
    this.#work.placer.forget(idObject)
    return { ok: true }
  }

  listConnectors(): { connectors: ConnectorView[]; waitingSessions: number } {
    const { assignments, connectors: there, trust } = this.#work
    const connectors = [...there.online.values()].map(
      ({ idConnector, capacity, isDraining, connectedAt, lastBeatAt }): ConnectorView => ({
        idConnector,
        status: isDraining ? 'draining' : trust.isFailing(idConnector) ? 'failing' : 'online',
        capacity,
        sessions: assignments.loadOf(idConnector),
        connectedAt,
        lastBeatAt,
      }),
    )
    return { connectors, waitingSessions: assignments.waiting().length }
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
    const runningSessions = this.#work.assignments.all.size - waitingSessions
    const tenants = countTenants(this.ctx.storage.sql)
    const installation = { connectors, runningSessions, waitingSessions, tenants }
    return { text: await writeMetrics(installation, this.#counts.counts) }
  }

  /** Opens a connector's control socket; the route has seen that a WebSocket is asked for. */
  override fetch(): Response {
    return this.#work.connectors.accept()
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const frame = readFrame(FleetUpFrame, data)
    if (typeof frame === 'string') return closeSocket(socket, linkClose.badFrame, frame)
    await this.#work.receive(socket, frame)
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    await this.#work.closed(socket)
  }

  override async alarm(): Promise<void> {
    await this.#work.ring()
  }
}
