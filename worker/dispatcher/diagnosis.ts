import { connect } from 'cloudflare:sockets'
import type { Answer } from './outcome.ts'

type Failure = Extract<Answer, { kind: 'none' }>['error']

const maxConnectMs = 2000

/**
 * Why a request brought no answer. The runtime tells it only in words: workerd says "internal error" both when a name is
 * not found or leads to an address that its network refuses, and when TLS fails. A bare connection tells these two apart.
 */
export async function diagnose(cause: unknown, url: URL): Promise<Failure> {
  const text = String(cause)
  if (/restrictPeers|not allowed|blocked/i.test(text)) return 'blockedTarget'
  if (/dns|lookup|resolve|getaddrinfo|ENOTFOUND/i.test(text)) return 'dnsFailed'
  if (/tls|ssl|certificate|handshake/i.test(text)) return 'tlsFailed'
  if (!/internal error/i.test(text)) return 'connectionFailed'
  return url.protocol === 'https:' && (await isReachable(url)) ? 'tlsFailed' : 'dnsFailed'
}

/** What Cloudflare's own network answers in an endpoint's place (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/). */
export function readEdgeFailure(status: number, server: string | null): Failure | null {
  if (server?.toLowerCase() !== 'cloudflare') return null
  if (status === 525 || status === 526) return 'tlsFailed'
  return status === 530 ? 'dnsFailed' : null
}

async function isReachable(url: URL): Promise<boolean> {
  const socket = connect({ hostname: url.hostname, port: Number(url.port || 443) })
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
