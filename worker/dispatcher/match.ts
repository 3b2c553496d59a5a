import { coreEvents, type MessageType } from '../../schema/event/event.ts'
import type { SubscriptionConfig } from '../subscription-config.ts'

/** What a Dispatcher needs to know of an event; read from the event itself. */
export interface EventHead {
  idSession: string
  messageType: MessageType
  idEvent: string
  senderNumber?: string
  messageTimestamp?: number
  isFromMe?: boolean
  isHistory?: boolean
  /** Of a `subscriptionUpdate`: the subscription that it is about. */
  idSubscription?: string
}

type Filter = Pick<
  SubscriptionConfig,
  'idSubscription' | 'events' | 'sessions' | 'includeFromMe' | 'includeHistory'
>

const sessionLane = 'session'

const coreTypes: ReadonlySet<string> = new Set(Object.keys(coreEvents))

/** Whether a subscription gets an event. None is ever told about itself. */
export function matches(filter: Filter, event: EventHead): boolean {
  if (filter.events === null ? !coreTypes.has(event.messageType) : !wants(filter.events, event.messageType))
    return false
  if (filter.sessions !== null && !filter.sessions.includes(event.idSession)) return false
  if (event.isFromMe === true && !filter.includeFromMe) return false
  if (event.isHistory === true && !filter.includeHistory) return false
  return !(event.messageType === 'subscriptionUpdate' && event.idSubscription === filter.idSubscription)
}

/** Reads an event as it stands in the log. */
export function readHead(body: string): EventHead {
  return JSON.parse(body) as EventHead
}

/**
 * The line in which an event stands: events of one lane reach a subscriber in order, one at a time. By chat, what concerns
 * the session as a whole is a line of its own.
 */
export function laneOf(ordering: SubscriptionConfig['ordering'], event: EventHead, sequence: number): string {
  if (ordering === 'chat') return chatLane(event)
  return ordering === 'session' ? sessionLane : singleLane(sequence)
}

/** Every lane that an event may stand in: after a change of the ordering, lanes of the old one may still be there. */
export function possibleLanes(event: EventHead, sequence: number): string[] {
  return [chatLane(event), sessionLane, singleLane(sequence)]
}

/** The lane of an event that stands in no line: it has it for itself. */
export function singleLane(sequence: number): string {
  return `#${sequence}`
}

/** Whether a lane belongs to one event alone, so that nothing can wait behind it. */
export function isSingleLane(lane: string): boolean {
  return lane.startsWith('#')
}

function chatLane(event: EventHead): string {
  return `chat:${event.senderNumber ?? ''}`
}

function wants(events: readonly MessageType[] | '*', type: MessageType): boolean {
  return events === '*' || events.includes(type)
}
