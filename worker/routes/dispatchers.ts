import type { Context } from 'hono'
import type { SessionRef } from '../../schema/link.ts'
import { ApiError, unwrap } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import type { DeliveryStatus, DeliveryView } from '../dispatcher/delivery-view.ts'
import type { Origin } from '../idempotency.ts'
import { tenantOf } from './find-session.ts'

/**
 * The Dispatchers of a subscription, one a session, or that of one session alone. `withLeaving`: also those of sessions that
 * are being deleted, which may take a day.
 */
export async function findDispatchers(context: Context<AppEnv>, idSubscription: string, idSession?: string) {
  const { refs, withLeaving, config, subscription } = unwrap(
    await tenantOf(context).getSubscription(idSubscription),
  )
  const pick = (some: SessionRef[]) =>
    some
      .filter((ref) => idSession === undefined || ref.idSession === idSession)
      .map((ref) => ({ ref, dispatcher: dispatcherOf(context, ref, idSubscription) }))
  return { dispatchers: pick(refs), withLeaving: pick(withLeaving), config, subscription }
}

/** Ends the request when a session was named and none of this name is among them. */
export function requireFound(found: Found, idSession: string | undefined): Found {
  if (idSession !== undefined && found.length === 0)
    throw new ApiError('sessionNotFound', `This subscription does not concern a session ${idSession}.`)
  return found
}

type Found = Awaited<ReturnType<typeof findDispatchers>>['dispatchers']

function dispatcherOf(context: Context<AppEnv>, { idObject }: SessionRef, idSubscription: string) {
  return context.env.DISPATCHER.getByName(`${idObject}:${idSubscription}`)
}

interface Page {
  status?: DeliveryStatus | undefined
  limit: number
  cursor?: string | undefined
}

/** A page over several Dispatchers, one session after another; the cursor says in which session it stands. */
export async function listOverSessions(found: Found, { status, limit, cursor }: Page) {
  const [idObject, inner] = cursor?.split('.') ?? []
  const start = idObject === undefined ? 0 : findStart(found, idObject)
  const deliveries: DeliveryView[] = []
  for (const [index, { ref, dispatcher }] of found.entries()) {
    if (index < start) continue
    const page = await dispatcher.listDeliveries({
      status,
      limit: limit - deliveries.length,
      cursor: index === start && inner ? inner : null,
    })
    deliveries.push(...page.deliveries)
    if (page.cursor !== null) return { deliveries, cursor: `${ref.idObject.slice(0, 16)}.${page.cursor}` }
    const next = found[index + 1]
    if (deliveries.length >= limit && next)
      return { deliveries, cursor: `${next.ref.idObject.slice(0, 16)}.` }
  }
  return { deliveries, cursor: null }
}

function findStart(found: Found, idObject: string): number {
  const start = found.findIndex(({ ref }) => ref.idObject.slice(0, 16) === idObject)
  if (start >= 0) return start
  const message = 'the session that it stands in has been deleted; begin at the first page'
  throw new ApiError('validationFailed', `cursor: ${message}.`, { errors: [{ path: 'cursor', message }] })
}

/** Ends the request when any of them replays something else already: it begins in all sessions or in none. */
export async function refuseWhileReplaying(found: Found, origin: Origin<'rep'> | undefined): Promise<void> {
  const answers = await Promise.all(found.map(({ dispatcher }) => dispatcher.isReplaying(origin)))
  const busy = found.find((_one, index) => answers[index]?.isReplaying)
  if (!busy) return
  const detail = `A replay is under way for the session ${busy.ref.idSession}. Wait until it has ended.`
  throw new ApiError('replayRunning', detail)
}

/** The first Dispatcher that knows a delivery of this event. */
export async function findDelivery(found: Found, idEvent: string) {
  for (const { dispatcher } of found) {
    const delivery = await dispatcher.getDelivery(idEvent)
    if (delivery.ok) return { dispatcher, ...delivery }
  }
  throw new ApiError('deliveryNotFound', 'No delivery of this event is known for this subscription.')
}
