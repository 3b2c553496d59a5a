import { createMiddleware } from 'hono/factory'
import { ApiError } from '../api-error.ts'
import type { AppEnv } from '../context.ts'
import { userAgent } from '../user-agent.ts'

const [product = ''] = userAgent.split('/')

/**
 * Refuses ChatLink's own webhooks at its own door, by whatever name or proxy they have come, also another installation's: with a
 * key among a subscription's headers they would act on sessions, and what they cause would send the next one. No
 * subscription can set the headers that they are known by.
 */
export function refuseOwnWebhooks() {
  return createMiddleware<AppEnv>(async function refuseOwnWebhooks(context, next) {
    const isOwn = context.req.header('user-agent')?.startsWith(`${product}/`) ?? false
    if (isOwn && context.req.header('webhook-id') !== undefined)
      throw new ApiError('ownWebhook', 'This is a webhook of ChatLink. Subscribe a URL of your own system.')
    await next()
  })
}
