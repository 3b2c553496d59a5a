import { createMiddleware } from 'hono/factory'
import { maxFileBytes } from '../../schema/api/file.ts'
import type { AppEnv } from '../context.ts'

const strangerMaxBytes = 16 * 1024 * 1024

/**
 * Reads what a refused request still sends, up to a bound: HTTP/1.1 clients that are answered while they send mostly see
 * a broken connection instead of the problem. A body that comes without its size is not covered: whoever refuses it
 * has read a part of it already.
 */
export function drainRefused() {
  return createMiddleware<AppEnv>(async function drainRefused(context, next) {
    const request = context.req.raw
    await next()
    if (context.res.status < 400 || !request.body || request.bodyUsed || request.body.locked) return
    await drain(request.body, context.get('caller') ? 2 * maxFileBytes : strangerMaxBytes)
  })
}

async function drain(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (bytes >= maxBytes) return
    }
  } catch {
    // The client went away: nobody is left to be answered.
  }
}
