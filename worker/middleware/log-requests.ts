import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { AppEnv } from '../context.ts'
import { readConfig } from '../env.ts'

/** Writes one JSON line for each request: the route's pattern rather than the URL, so that no query gets into the log. */
export function logRequests() {
  return createMiddleware<AppEnv>(async function logRequests(context, next) {
    const startedAt = Date.now()
    await next()
    const { status } = context.res
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
    if (!isLogged(readConfig(context.env).LOG_LEVEL, level)) return
    const line = {
      level,
      at: new Date(startedAt).toISOString(),
      idRequest: context.get('requestId'),
      method: context.req.method,
      route: routePath(context, -1),
      status,
      durationMs: Date.now() - startedAt,
      ...(context.get('caller') && { idTenant: context.get('caller').idTenant }),
      ...(context.error && 'code' in context.error && { code: context.error.code }),
    }
    // oxlint-disable-next-line no-console -- the runtime's log is the console
    console.log(JSON.stringify(line))
  })
}

const order = ['silent', 'error', 'warn', 'info', 'debug']

function isLogged(wanted: string, level: string): boolean {
  return order.indexOf(level) <= order.indexOf(wanted || 'info')
}
