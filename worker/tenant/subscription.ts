import type { MessageType } from '../../schema/event/event.ts'
import { checkCustomHeaders } from '../dispatcher/custom-headers.ts'
import { makeSecret, parseSecret } from '../dispatcher/sign.ts'
import { checkTargetUrl, type TargetPolicy } from '../dispatcher/target.ts'
import type { Origin } from '../idempotency.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Result } from '../result.ts'
import type { Ordering, SubscriptionConfig, SubscriptionStatus } from '../subscription-config.ts'

/** What a caller may say of a subscription. */
export interface SubscriptionInput {
  url: string
  events?: MessageType[] | '*' | null | undefined
  sessions?: string[] | null | undefined
  description?: string | null | undefined
  headers?: Record<string, string> | undefined
  ordering?: Ordering | undefined
  includeFromMe?: boolean | undefined
  includeHistory?: boolean | undefined
  rateLimitPerSecond?: number | null | undefined
  /** An imported one; else one is made. */
  secret?: string | undefined
}

/** What may be changed of it. */
export type SubscriptionChange = Partial<SubscriptionInput> & { status?: SubscriptionStatus | undefined }

/** A subscription as its Tenant keeps it. */
export interface SubscriptionRecord extends SubscriptionConfig {
  description: string | null
  statusReason: string | null
  updatedAt: number
  /** Of the request that made it under an `Idempotency-Key`. */
  requestHash?: string
  /** Secrets that were given under an `Idempotency-Key`, as long as they sign. */
  rotations?: Rotation[]
  /** What an endpoint answered to requests of an older version counts no more: it has been enabled, or moved, since. */
  countsSince?: number
  /** The Dispatcher that last disabled it, and by which version it had sent. */
  disabledBy?: { idObject: string; version: number }
}

/** A change of the secret under an `Idempotency-Key`: whoever repeats the request gets the same. */
export interface Rotation extends Origin<'rot'> {
  secret: string
  oldSecretExpiresAt: number
}

/** A subscription as it may be shown; its secrets never are. */
export type SubscriptionView = Omit<
  SubscriptionRecord,
  | 'secrets'
  | 'version'
  | 'idTenant'
  | 'requestHash'
  | 'rotations'
  | 'sessionsSince'
  | 'countsSince'
  | 'disabledBy'
>

export type SubscriptionRefusal = 'targetRefused' | 'headerRefused' | 'secretInvalid'

const maxOldSecrets = 3

/** Makes a new subscription, or says what is wrong with the input. */
export function makeSubscription(
  idTenant: string,
  input: SubscriptionInput,
  policy: TargetPolicy,
  now: number,
  origin?: Origin<'sub'>,
): Result<{ subscription: SubscriptionRecord }, SubscriptionRefusal> {
  const refused = checkInput(input, policy)
  if (refused) return refused
  const { rateLimitPerSecond, secret } = input
  return succeed({
    subscription: {
      idSubscription: origin?.id ?? randomId('sub'),
      ...(origin && { requestHash: origin.requestHash }),
      idTenant,
      url: input.url,
      secrets: [{ secret: secret ?? makeSecret() }],
      events: input.events ?? null,
      sessions: input.sessions ?? null,
      headers: input.headers ?? {},
      ordering: input.ordering ?? 'chat',
      includeFromMe: input.includeFromMe ?? false,
      includeHistory: input.includeHistory ?? false,
      status: 'enabled',
      ...(rateLimitPerSecond == null ? {} : { rateLimitPerSecond }),
      createdAt: now,
      // An id that is used again must look newer than what it named before.
      version: origin ? now : 1,
      description: input.description ?? null,
      statusReason: null,
      updatedAt: now,
    },
  })
}

/** Changes what the input names and leaves the rest. */
export function changeSubscription(
  before: SubscriptionRecord,
  input: SubscriptionChange,
  policy: TargetPolicy,
  now: number,
): Result<{ subscription: SubscriptionRecord }, SubscriptionRefusal> {
  const refused = checkInput(input, policy)
  if (refused) return refused
  const { rateLimitPerSecond, secret, ...rest } = input
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  const { rateLimitPerSecond: rateBefore, ...kept } = before
  const changesStatus = input.status !== undefined && input.status !== before.status
  const rate = rateLimitPerSecond === undefined ? rateBefore : (rateLimitPerSecond ?? undefined)
  return succeed({
    subscription: {
      ...kept,
      ...given,
      ...(rate === undefined ? {} : { rateLimitPerSecond: rate }),
      ...(secret === undefined ? {} : { secrets: [{ secret }] }),
      ...(changesStatus && { statusReason: input.status === 'enabled' ? null : 'requested' }),
      ...(input.sessions === undefined ? {} : { sessionsSince: now }),
      ...((changesStatus && input.status === 'enabled') || (input.url ?? before.url) !== before.url
        ? { countsSince: before.version + 1 }
        : {}),
      version: before.version + 1,
      updatedAt: now,
    },
  })
}

/** Gives a new secret; the old ones sign beside it until the overlap is over. */
export function rotateSecrets(
  before: SubscriptionRecord,
  overlapSeconds: number,
  now: number,
  origin?: Origin<'rot'>,
): SubscriptionRecord {
  const secret = makeSecret()
  const until = now + overlapSeconds * 1000
  const old = before.secrets
    .map(({ secret, expiresAt }) => ({ secret, expiresAt: Math.min(expiresAt ?? until, until) }))
    .filter(({ expiresAt }) => expiresAt > now)
    .slice(0, maxOldSecrets)
  const earlier = before.rotations?.filter((one) => old.some((kept) => kept.secret === one.secret)) ?? []
  return {
    ...before,
    secrets: [{ secret }, ...old],
    rotations: origin ? [{ ...origin, secret, oldSecretExpiresAt: until }, ...earlier] : earlier,
    version: before.version + 1,
    updatedAt: now,
  }
}

/** What was made under this `Idempotency-Key`, unless that secret is void by now. */
export function findRotation(
  { rotations, secrets }: SubscriptionRecord,
  origin: Origin<'rot'> | undefined,
  now: number,
): Rotation | undefined {
  const found = rotations?.find(({ id }) => id === origin?.id)
  const isValid = secrets.some(
    ({ secret, expiresAt }) => secret === found?.secret && (expiresAt ?? Infinity) > now,
  )
  return isValid ? found : undefined
}

/** Enables, disables or pauses; the reason tells people why. */
export function setStatus(
  before: SubscriptionRecord,
  status: SubscriptionStatus,
  statusReason: string | null,
  now: number,
): SubscriptionRecord {
  const version = before.version + 1
  const countsSince = status === 'enabled' ? { countsSince: version } : {}
  return { ...before, status, statusReason, ...countsSince, version, updatedAt: now }
}

/** What may be shown of it. */
export function viewSubscription(record: SubscriptionRecord): SubscriptionView {
  const {
    secrets: _secrets,
    version: _version,
    idTenant: _idTenant,
    requestHash: _hash,
    rotations: _rotations,
    sessionsSince: _since,
    countsSince: _counts,
    disabledBy: _disabledBy,
    ...view
  } = record
  return view
}

/** What the objects below get. */
export function configOf(record: SubscriptionRecord): SubscriptionConfig {
  const {
    description: _,
    statusReason: _reason,
    updatedAt: _updatedAt,
    requestHash: _hash,
    rotations: _rotations,
    countsSince: _counts,
    disabledBy: _disabledBy,
    ...config
  } = record
  return config
}

function checkInput(input: Partial<SubscriptionInput>, policy: TargetPolicy) {
  if (input.url !== undefined) {
    const target = checkTargetUrl(input.url, policy)
    if (!target.ok) return { ...fail('targetRefused', target.detail), targetCode: target.code }
  }
  if (input.headers) {
    const headers = checkCustomHeaders(input.headers)
    if (!headers.ok) return headers
  }
  if (input.secret !== undefined) {
    const secret = parseSecret(input.secret)
    if (!secret.ok) return secret
  }
  return null
}
