/**
 * What Cloudflare asks on the Workers Paid plan beyond what the plan includes, in USD, as read on 2026-11-23 from
 * https://developers.cloudflare.com/durable-objects/platform/pricing/ and https://developers.cloudflare.com/workers/platform/pricing/
 */
export const prices = {
  workerRequest: 0.3 / 1e6,
  objectRequest: 0.15 / 1e6,
  gigabyteSecond: 12.5 / 1e6,
  rowWritten: 1 / 1e6,
  rowRead: 0.001 / 1e6,
  storedGigabyteMonth: 0.2,
} as const

/** Incoming WebSocket messages that are billed as one request. */
export const messagesPerRequest = 20
/** An object is billed with this memory while it is active, whatever it uses. */
export const objectGigabytes = 0.128
/** How long an event is stored, unless CHATLINK_RETENTION_DAYS says otherwise. */
export const retentionDays = 7
const monthDays = 30

export interface Usage {
  workerRequests: number
  objectRequests: number
  messages: number
  activeMs: number
  rowsWritten: number
  rowsRead: number
  bytes: number
}

export interface Cost {
  rowsWritten: number
  requests: number
  duration: number
  rest: number
  total: number
}

/** What so much costs, in USD; `rest` is rows read and storage. */
export function costOf(usage: Usage): Cost {
  const rowsWritten = usage.rowsWritten * prices.rowWritten
  const requests =
    usage.workerRequests * prices.workerRequest +
    (usage.objectRequests + usage.messages / messagesPerRequest) * prices.objectRequest
  const duration = (usage.activeMs / 1000) * objectGigabytes * prices.gigabyteSecond
  const gigabyteMonths = ((usage.bytes / 1e9) * retentionDays) / monthDays
  const rest = usage.rowsRead * prices.rowRead + gigabyteMonths * prices.storedGigabyteMonth
  return { rowsWritten, requests, duration, rest, total: rowsWritten + requests + duration + rest }
}
