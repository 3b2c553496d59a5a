import { coreEvents } from '../../schema/event/event.ts'
import type { SessionRef } from '../../schema/link.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'
import { readMessageType, type LogEntry } from './event-line.ts'
import type { SessionStore } from './store.ts'
import { DispatcherWakes, type Wake, type WakeTarget } from './wakes.ts'

/** What a session needs of a Dispatcher. */
export interface DispatcherDoor {
  wake(wake: Wake): Promise<{ ok: true } | { ok: false; code: string }>
  configure(config: SubscriptionConfig, place: { ref: SessionRef; startAfter: number }): Promise<unknown>
  describe(): Promise<{ lag: number }>
  destroy(): Promise<unknown>
}

/** The Dispatchers of one session: told of their configuration until they have it, and of new events. */
export class SessionDispatchers {
  readonly #store: SessionStore
  readonly #door: (name: string) => DispatcherDoor
  readonly #failed: (error: unknown) => void
  readonly #wakes: DispatcherWakes
  /** To make one costs a tenth of a wake. One through which a call has failed may be of no use any more. */
  readonly #stubs = new Map<string, DispatcherDoor>()
  #isConfiguring: Promise<boolean> | null = null
  #isAwake = false
  #isEnded = false

  constructor(store: SessionStore, door: (name: string) => DispatcherDoor, failed: (error: unknown) => void) {
    this.#store = store
    this.#door = door
    this.#failed = failed
    this.#wakes = new DispatcherWakes(
      (idSubscription) => this.#target(idSubscription),
      () => store.log.head,
      failed,
    )
  }

  /** Wakes all once in this life of the object: an earlier life may have ended before its calls went through. */
  wakeAll(): Promise<void>[] {
    if (this.#isAwake) return []
    this.#isAwake = true
    if (this.#store.log.head === 0) return []
    return this.#store.subscriptions.list.flatMap(({ idSubscription, config }) =>
      config?.status === 'enabled' ? (this.#wakes.announce(idSubscription, []) ?? []) : [],
    )
  }

  /** Tells all of them the head, also those that want nothing of what was logged last. */
  tellHead(): Promise<void>[] {
    this.#isAwake = false
    return this.wakeAll()
  }

  /** Announces new entries to every Dispatcher that may want one of them. */
  announce(entries: readonly LogEntry[]): Promise<void>[] {
    if (entries.length === 0) return []
    const types = new Set<string>()
    for (const { body } of entries) types.add(readMessageType(body))
    return this.#store.subscriptions.list.flatMap(({ idSubscription, config }) =>
      config?.status === 'enabled'
        ? (this.#wakes.announce(idSubscription, entries, mayWant(config, types)) ?? [])
        : [],
    )
  }

  retry(now: number): Promise<void>[] {
    return this.#wakes.retry(now)
  }

  nextRetry(): number | null {
    return this.#wakes.nextRetry()
  }

  /** Whether every Dispatcher has its configuration. */
  get isConfigured(): boolean {
    return this.#store.subscriptions.list.every(({ config, isConfigured }) => config !== null && isConfigured)
  }

  /** Brings their configurations to the Dispatchers that lack them; one round at a time. */
  async configure(): Promise<boolean> {
    const before = this.#isConfiguring
    if (before) await before
    if (this.#isConfiguring && this.#isConfiguring !== before) return this.#isConfiguring
    this.#isConfiguring = this.#configureAll()
    try {
      return await this.#isConfiguring
    } finally {
      this.#isConfiguring = null
    }
  }

  /** Whether nobody waits for an event any more. */
  async areCaughtUp(): Promise<boolean> {
    for (const { idSubscription, config } of this.#store.subscriptions.list) {
      if (config?.status !== 'enabled') continue
      const { lag } = await this.#stub(idSubscription).describe()
      if (lag > 0) return false
    }
    return true
  }

  async destroyAll(): Promise<void> {
    this.#isEnded = true
    await Promise.all(
      this.#store.subscriptions.list.map(({ idSubscription }) => this.#stub(idSubscription).destroy()),
    )
  }

  async #configureAll(): Promise<boolean> {
    const { subscriptions, record } = this.#store
    if (!record) return true
    const rounds = subscriptions.list.map(async ({ idSubscription, config, isConfigured, startAfter }) => {
      if (config && isConfigured) return true
      try {
        if (!config) {
          await this.#stub(idSubscription).destroy()
          this.#wakes.forget(idSubscription)
          this.#stubs.delete(idSubscription)
          subscriptions.forget(idSubscription)
        } else {
          await this.#stub(idSubscription).configure(config, { ref: record.ref, startAfter })
          subscriptions.markConfigured(idSubscription, config.version)
        }
        return true
      } catch (error) {
        this.#failed(error)
        return false
      }
    })
    return (await Promise.all(rounds)).every(Boolean)
  }

  #target(idSubscription: string): WakeTarget | null {
    const found = this.#store.subscriptions.list.find((one) => one.idSubscription === idSubscription)
    if (this.#isEnded || found?.config?.status !== 'enabled') return null
    const stub = this.#stubs.get(idSubscription) ?? this.#stub(idSubscription)
    this.#stubs.set(idSubscription, stub)
    const wake = async (call: Wake) => {
      try {
        const answer = await stub.wake(call)
        if (!answer.ok) throw new Error(`Dispatcher ${idSubscription} answered ${answer.code}.`)
      } catch (error) {
        this.#stubs.delete(idSubscription)
        throw error
      }
    }
    return { wake }
  }

  #stub(idSubscription: string): DispatcherDoor {
    const idObject = this.#store.record?.ref.idObject ?? ''
    return this.#door(dispatcherName(idObject, idSubscription))
  }
}

/** The name under which a session's Dispatcher for a subscription is found. */
export function dispatcherName(idObject: string, idSubscription: string): string {
  return `${idObject}:${idSubscription}`
}

/** Whether a subscription may want an event of one of these types; the Dispatcher decides. */
function mayWant(config: SubscriptionConfig, types: ReadonlySet<string>): boolean {
  if (config.events === '*') return true
  const wanted: readonly string[] = config.events ?? coreTypes
  return wanted.some((type) => types.has(type))
}

const coreTypes = Object.keys(coreEvents)
