import type { SubscriptionConfig } from '../subscription-config.ts'
import { isRefused } from './custom-headers.ts'
import type { Bounded, Deadlines } from './deadlines.ts'
import { diagnose, readEdgeFailure } from './diagnosis.ts'
import { readBehindInterim } from './interim.ts'
import type { Answer } from './outcome.ts'
import { readSigningKeys, sign, type SigningKey } from './sign.ts'
import { checkTargetUrl, type TargetPolicy } from './target.ts'

/**
 * One HTTP request to a subscriber. Its clock starts here, when a connection is free, and bounds the whole of it. Whatever
 * the answer is, its body is read to a bound and then let go, so that no connection stays taken.
 */
export const attemptTimeoutMs = 15_000

/** Of an answer's body at most this much is read … */
const maxAnswerBytes = 16 * 1024
/** … and, when the status is a success, for at most this long: the status has said all that matters. */
const maxSuccessReadMs = 2000
const maxExcerptCharacters = 1024

/** Where a request goes, and as whom. */
export type Destination = Pick<SubscriptionConfig, 'url' | 'secrets' | 'headers'>

export interface AttemptRequest {
  /** What is found out about it is kept with the object: give a changed one as a new object. */
  destination: Destination
  idEvent: string
  body: string
  userAgent: string
  policy: TargetPolicy
  timeoutMs: number
  /** When the request is made, in milliseconds. */
  now: number
}

/** Makes the request. Never throws: whatever goes wrong is an answer of its own. */
export async function attempt(request: AttemptRequest, deadlines: Deadlines): Promise<Answer> {
  const prepared = prepare(request)
  if ('error' in prepared) return { kind: 'none', error: prepared.error }
  const headers = sealHeaders(request, prepared)
  const bounded = deadlines.begin(request.timeoutMs)
  try {
    const { body } = request
    const { signal } = bounded
    const sent = fetch(prepared.href, { method: 'POST', headers, body, redirect: 'manual', signal })
    const first = await bounded.wait(sent)
    const response = first.status < 200 ? await readBehindInterim(first, bounded) : first
    return await readAnswer(response, bounded)
  } catch (cause) {
    return { kind: 'none', error: bounded.isOver ? 'timeout' : await diagnose(cause, prepared.url) }
  } finally {
    deadlines.finish(bounded)
  }
}

interface Prepared {
  url: URL
  href: string
  headers: Record<string, string>
  keys: SigningKey[]
}
type Refused = { error: 'blockedTarget' | 'invalidRequest' }

const preparations = new WeakMap<Destination, Prepared | Refused>()

/** What is the same for every request to a destination. */
function prepare({ destination, policy, userAgent }: AttemptRequest): Prepared | Refused {
  const known = preparations.get(destination)
  if (known) return known
  const made = makePrepared(destination, policy, userAgent)
  preparations.set(destination, made)
  return made
}

function makePrepared(destination: Destination, policy: TargetPolicy, userAgent: string): Prepared | Refused {
  const target = checkTargetUrl(destination.url, policy)
  if (!target.ok) return { error: 'blockedTarget' }
  try {
    const headers = new Headers()
    for (const [name, value] of Object.entries(destination.headers))
      if (!isRefused(name)) headers.set(name, value)
    headers.set('content-type', 'application/json')
    headers.set('user-agent', userAgent)
    return {
      url: target.url,
      href: target.url.href,
      headers: Object.fromEntries(headers),
      keys: readSigningKeys(destination.secrets),
    }
  } catch {
    return { error: 'invalidRequest' }
  }
}

function sealHeaders({ idEvent, body, now }: AttemptRequest, prepared: Prepared): Record<string, string> {
  const timestamp = Math.floor(now / 1000)
  return {
    ...prepared.headers,
    'webhook-id': idEvent,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(prepared.keys, now, idEvent, timestamp, body),
  }
}

async function readAnswer(response: Response, bounded: Bounded): Promise<Answer> {
  const { status, headers, ok: isOk } = response
  const length = headers.get('content-length')
  const excerpt = status === 204 || length === '0' ? '' : await readExcerpt(response, bounded)
  const failure = isOk ? null : readEdgeFailure(status, headers.get('server'), excerpt)
  // The page of the network between is not the endpoint's, and may tell of us.
  if (failure)
    return { kind: 'answer', status, retryAfter: null, webhookDelivery: null, excerpt: '', failure }
  const retryAfter = isOk ? null : headers.get('retry-after')
  return { kind: 'answer', status, retryAfter, webhookDelivery: headers.get('webhook-delivery'), excerpt }
}

/** Frees the connection of an answer that is not read to its end. */
function letGo(reader: ReadableStreamDefaultReader<Uint8Array>, bounded: Bounded): void {
  bounded.end()
  reader.cancel().catch(() => {})
}

/** Reads the beginning of the answer as text. A body that never ends, or breaks off, does not change the outcome. */
async function readExcerpt(response: Response, bounded: Bounded): Promise<string> {
  if (!response.body) return ''
  if (response.ok) bounded.shorten(maxSuccessReadMs)
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  let isDone = false
  try {
    while (bytes < maxAnswerBytes) {
      const { done, value } = await bounded.wait(reader.read())
      isDone = done
      if (done) break
      bytes += value.byteLength
      if (text.length < maxExcerptCharacters) text += decoder.decode(value, { stream: true })
    }
  } catch {
    isDone = !bounded.isOver
  }
  if (!isDone) letGo(reader, bounded)
  return text.slice(0, maxExcerptCharacters)
}
