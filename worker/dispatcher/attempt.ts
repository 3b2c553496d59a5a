import { isRefused } from './custom-headers.ts'
import { diagnose, readEdgeFailure } from './diagnosis.ts'
import type { Answer } from './outcome.ts'
import { sign } from './sign.ts'
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

export interface AttemptRequest {
  url: string
  secrets: readonly string[]
  headers: Readonly<Record<string, string>>
  idEvent: string
  body: string
  userAgent: string
  policy: TargetPolicy
  timeoutMs: number
  /** When the request is made, in milliseconds. */
  now: number
  signal: AbortSignal
}

/** Makes the request. Never throws: whatever goes wrong is an answer of its own. */
export async function attempt(request: AttemptRequest): Promise<Answer> {
  const target = checkTargetUrl(request.url, request.policy)
  if (!target.ok) return { kind: 'none', error: 'blockedTarget' }
  const init = await makeInit(request)
  if (!init) return { kind: 'none', error: 'invalidRequest' }
  const abort = new AbortController()
  const stop = () => abort.abort()
  const timer = setTimeout(stop, request.timeoutMs)
  request.signal.addEventListener('abort', stop, { once: true })
  try {
    const response = await fetch(target.url, { ...init, signal: abort.signal })
    const excerpt = await readExcerpt(response, abort)
    const edgeFailure = readEdgeFailure(response.status, response.headers.get('server'))
    if (edgeFailure) return { kind: 'none', error: edgeFailure }
    return {
      kind: 'answer',
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      webhookDelivery: response.headers.get('webhook-delivery'),
      excerpt,
    }
  } catch (cause) {
    return { kind: 'none', error: abort.signal.aborted ? 'timeout' : await diagnose(cause, target.url) }
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', stop)
  }
}

async function makeInit(request: AttemptRequest): Promise<RequestInit | null> {
  try {
    const timestamp = Math.floor(request.now / 1000)
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers))
      if (!isRefused(name)) headers.set(name, value)
    headers.set('content-type', 'application/json')
    headers.set('user-agent', request.userAgent)
    headers.set('webhook-id', request.idEvent)
    headers.set('webhook-timestamp', String(timestamp))
    headers.set('webhook-signature', await sign(request.secrets, request.idEvent, timestamp, request.body))
    return { method: 'POST', headers, body: request.body, redirect: 'manual' }
  } catch {
    return null
  }
}

/** Reads the beginning of the answer as text. A body that never ends, or breaks off, does not change the outcome. */
async function readExcerpt(response: Response, abort: AbortController): Promise<string> {
  if (!response.body) return ''
  if (response.headers.get('content-length') === '0') {
    await response.body.cancel()
    return ''
  }
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const timer = response.ok ? setTimeout(() => abort.abort(), maxSuccessReadMs) : undefined
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  let isDone = false
  try {
    while (bytes < maxAnswerBytes) {
      const { done, value } = await reader.read()
      isDone = done
      if (done) break
      bytes += value.byteLength
      if (text.length < maxExcerptCharacters) text += decoder.decode(value, { stream: true })
    }
  } catch {
    isDone = true
  } finally {
    clearTimeout(timer)
    if (!isDone) abort.abort()
  }
  return text.slice(0, maxExcerptCharacters)
}
