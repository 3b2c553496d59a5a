import { env } from 'cloudflare:workers'
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { vi } from 'vitest'
import { defaultSettings } from '../../../worker/session-settings.ts'
import type { SubscriptionConfig } from '../../../worker/subscription-config.ts'
import { Endpoint } from '../support/endpoint.ts'

export const secret = `whsec_${btoa('0123456789abcdef0123456789abcdef')}`

type Draft = { messageType: string; idEvent?: string } & Record<string, unknown>

let count = 0

/** One session with one subscription, wired as in life: the session's log, its Dispatcher, an endpoint. */
export async function makeDelivery(given: Partial<SubscriptionConfig> = {}) {
  count += 1
  const endpoint = new Endpoint()
  const idObject = env.SESSION.newUniqueId().toString()
  const ref = { idTenant: `ten_${'0'.repeat(20)}`, idSession: 'support', idObject }
  let config: SubscriptionConfig = {
    idSubscription: `sub_${String(count).padStart(20, '0')}`,
    idTenant: ref.idTenant,
    url: endpoint.url,
    secrets: [{ secret }],
    events: null,
    sessions: null,
    headers: {},
    ordering: 'chat',
    includeFromMe: false,
    includeHistory: false,
    status: 'enabled',
    createdAt: 0,
    version: 1,
    ...given,
  }
  const connect = () => ({
    session: env.SESSION.get(env.SESSION.idFromString(idObject)),
    dispatcher: env.DISPATCHER.getByName(`${idObject}:${config.idSubscription}`),
  })
  const { session, dispatcher } = connect()
  const configure = () =>
    session.configure({
      ref,
      name: null,
      settings: defaultSettings,
      subscriptions: [config],
      version: config.version,
    })
  await configure()
  return {
    endpoint,
    session,
    dispatcher,
    /** New stubs, for when the objects behind the others have died. */
    reconnect: connect,
    /** Changes the subscription as its Tenant would. */
    async change(changes: Partial<SubscriptionConfig>) {
      config = { ...config, ...changes, version: config.version + 1 }
      await configure()
    },
    /** Logs events, as if a connector had committed them. */
    async log(...drafts: Draft[]) {
      for (const draft of drafts) {
        const logged = await session.appendOwn(draft)
        if (!logged.ok) throw new Error(logged.detail)
      }
    },
    /** Lets the Dispatcher forget everything that is not stored. */
    evict: () => evictDurableObject(dispatcher),
    /** Lets time pass until the next alarm and runs it. */
    async passTo(seconds: number) {
      passSeconds(seconds)
      await runDurableObjectAlarm(dispatcher)
    },
    describe: () => dispatcher.describe(),
    /** How many batches have been written. */
    rows: () =>
      runInDurableObject(dispatcher, (_object, { storage }) =>
        Number(storage.sql.exec('SELECT max(n) AS n FROM batches').one()['n']),
      ),
  }
}

/** A text in a chat of its own, or in a given one. */
export function text(value: string, chat = '34600111222'): Draft {
  count += 1
  return {
    messageType: 'conversation',
    idEvent: `evt_${String(count).padStart(22, '0')}`,
    senderNumber: `${chat}@s.whatsapp.net`,
    senderName: 'Ana',
    messageTimestamp: 1767225600,
    isMessageFromGroup: false,
    idMessage: `3EB0${count}`,
    value,
  }
}

export function passSeconds(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

/** Waits, on the wall clock, until something holds. */
export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const end = performance.now() + 15_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it never came to this: ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** For sorting what came in any order. */
export function byText(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1
}

export type Delivery = Awaited<ReturnType<typeof makeDelivery>>

/** Resolves when the endpoint has had so many webhooks and the Dispatcher has nothing left to do. */
export async function drained({ describe: view, endpoint }: Delivery, count: number): Promise<void> {
  await until(
    async () => (await view()).lag === 0 && (await endpoint.values()).length >= count,
    `${count} webhooks and nothing left`,
  )
}
