import { diagnose } from '../dispatcher/diagnosis.ts'
import { checkTargetUrl, type TargetPolicy, type TargetRefusal } from '../dispatcher/target.ts'
import { fail, succeed, type Result } from '../result.ts'
import { userAgent } from '../user-agent.ts'
import { SourceBroken } from './content.ts'
import { nameOf } from './file-name.ts'
import type { FileStore } from './file-store.ts'

/**
 * Fetches a file from where a tenant says, under the same rules as webhooks: nothing private, no redirect followed. It is
 * streamed into the store; what is too large, too slow or broken off leaves nothing there.
 */
export const fetchTimeoutMs = 60_000

export interface FetchRequest {
  url: string
  key: string
  /** What the file is, whatever its server says. */
  mimetype?: string | undefined
  /** What the server may call it: `image/` for a picture; anything when absent. */
  family?: string | undefined
  maxBytes: number
  timeoutMs: number
  policy: TargetPolicy
}

export type FetchRefusal = 'fileNotFetched' | TargetRefusal

const notFetched = (detail: string) => fail('fileNotFetched', detail)

const failures: Readonly<Record<string, string>> = {
  blockedTarget:
    'The host leads to an address that is not allowed. Use one that can be reached from the internet.',
  dnsFailed: 'The host was not found, or leads to an address that is not allowed. Check the URL.',
  tlsFailed: 'The host’s certificate was not accepted. Use one that browsers trust.',
}

/** Stores the file. Never throws for what the URL or its server does wrong. */
export async function fetchFile(
  store: FileStore,
  request: FetchRequest,
): Promise<Result<object, FetchRefusal>> {
  const target = checkTargetUrl(request.url, request.policy)
  if (!target.ok) return target
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), request.timeoutMs)
  const late = () => notFetched(`The file did not come whole within ${request.timeoutMs / 1000} seconds.`)
  try {
    const response = await fetch(target.url, {
      headers: { accept: '*/*', 'user-agent': userAgent },
      redirect: 'manual',
      signal: abort.signal,
    }).catch((error: unknown) => ({ error }))
    if ('error' in response) return abort.signal.aborted ? late() : await explain(response.error, target.url)
    const refusal = judgeAnswer(response, request)
    if (refusal !== null || !response.body) {
      abort.abort()
      return notFetched(refusal ?? 'The server answered without a file.')
    }
    const fileName = nameOf(response.headers.get('content-disposition'), target.url)
    const { key, maxBytes } = request
    const options = { mimetype: typeOf(response, request), maxBytes, ...(fileName && { fileName }) }
    const stored = await store.put(key, response.body, options).catch((error: unknown) => {
      if (!(error instanceof SourceBroken)) throw error
      return abort.signal.aborted ? late() : notFetched('The file broke off. Try again.')
    })
    return stored.ok ? succeed({}) : notFetched(stored.detail)
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
}

/** Why an answer holds no file to send; null when it does. */
function judgeAnswer({ status, headers }: Response, request: FetchRequest): string | null {
  if (status >= 300 && status < 400)
    return `The server answered ${status}: redirects are not followed. Give the URL to which it leads.`
  if (status !== 200) return `The server answered ${status} instead of 200.`
  if (Number(headers.get('content-length') ?? 0) > request.maxBytes)
    return `The file is larger than ${request.maxBytes} bytes. Send a smaller one.`
  const { mimetype, family = '' } = request
  const told = headers.get('content-type') ?? 'nothing'
  if (mimetype === undefined && !told.toLowerCase().startsWith(family))
    return `The server calls the file ${told.slice(0, 100)}, which this message cannot carry. Give mimetype if the server is wrong.`
  return null
}

function typeOf({ headers }: Response, { mimetype }: FetchRequest): string {
  const told = headers.get('content-type') ?? ''
  const isType = told.length <= 256 && /^[\w.+-]+\/[\w.+-]+/.test(told)
  return mimetype ?? (isType ? told : 'application/octet-stream')
}

async function explain(error: unknown, url: URL) {
  return notFetched(
    failures[await diagnose(error, url)] ?? 'The host did not answer. Check the URL, or try again.',
  )
}
