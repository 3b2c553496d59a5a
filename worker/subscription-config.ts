import type { MessageType } from '../schema/event/event.ts'

export type Ordering = 'chat' | 'session' | 'none'
export type SubscriptionStatus = 'enabled' | 'disabled' | 'paused'

/** A signing secret, `whsec_…`; with `expiresAt` (Unix ms) it is the old one of a rotation and goes then. */
export interface SigningSecret {
  secret: string
  expiresAt?: number
}

/**
 * A subscription as the Worker's objects know it. `Tenant` owns it and hands it down to `Session` and `Dispatcher`;
 * `version` grows with every change, so that an older copy never replaces a newer one.
 */
export interface SubscriptionConfig {
  idSubscription: string
  idTenant: string
  url: string
  secrets: SigningSecret[]
  /** `null` is the customer's eight types, `'*'` all. */
  events: MessageType[] | '*' | null
  /** `null` is all sessions of the tenant. */
  sessions: string[] | null
  headers: Record<string, string>
  ordering: Ordering
  includeFromMe: boolean
  includeHistory: boolean
  status: SubscriptionStatus
  rateLimitPerSecond?: number
  /** Unix ms: its events begin there … */
  createdAt: number
  /** … and here in a session that it came to concern when its `sessions` were last changed. */
  sessionsSince?: number
  version: number
}
