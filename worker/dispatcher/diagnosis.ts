import { connect } from 'cloudflare:sockets'
import type { Failure } from './outcome.ts'

const maxConnectMs = 2000

/**
 * Why a request brought no answer. The runtime tells it only in words: workerd says "internal error" when a name is not found
 * or leads to an address that its network refuses, when TLS fails, and when the answer is no HTTP. Bare connections tell
 * these three apart.
 */
export async function diagnose(cause: unknown, url: URL): Promise<Failure> {
  // workerd ends an internal error with letters by chance, in which any of these words may stand.
  const text = String(cause).replace(/reference = \w+/, '')
  if (/restrictPeers|not allowed|blocked/i.test(text)) return 'blockedTarget'
  if (/dns|lookup|resolve|getaddrinfo|ENOTFOUND/i.test(text)) return 'dnsFailed'
  if (/tls|ssl|certificate|handshake/i.test(text)) return 'tlsFailed'
  if (!/internal error/i.test(text)) return 'connectionFailed'
  if (!(await isReachable(url, 'off'))) return 'dnsFailed'
  return url.protocol === 'http:' || (await isReachable(url, 'on')) ? 'connectionFailed' : 'tlsFailed'
}

/** Statuses that Cloudflare's network makes when it cannot bring the request to the endpoint, or no answer back. */
const edgeFailures: ReadonlyMap<number, Failure> = new Map([
  [520, 'connectionFailed'],
  [521, 'connectionFailed'],
  [522, 'timeout'],
  [523, 'connectionFailed'],
  [524, 'timeout'],
  [525, 'tlsFailed'],
  [526, 'tlsFailed'],
  [530, 'dnsFailed'],
] as const)

/**
 * What Cloudflare's own network answers in an endpoint's place; null when the answer is the endpoint's.
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/ and, for the errors
 * 1000 to 1003 (addresses that it never connects to), …/cloudflare-1xxx-errors/
 */
export function readEdgeFailure(status: number, server: string | null, excerpt: string): Failure | null {
  if (server?.toLowerCase() !== 'cloudflare') return null
  if (status === 403 && /^error code: 100[0-3]\b/.test(excerpt)) return 'blockedTarget'
  return edgeFailures.get(status) ?? null
}

async function isReachable(url: URL, secureTransport: 'on' | 'off'): Promise<boolean> {
  const port = Number(url.port || (url.protocol === 'http:' ? 80 : 443))
  const socket = connect({ hostname: url.hostname, port }, { secureTransport, allowHalfOpen: false })
  const timer = setTimeout(() => void socket.close().catch(() => undefined), maxConnectMs)
  try {
    await socket.opened
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    await socket.close().catch(() => undefined)
  }
}
