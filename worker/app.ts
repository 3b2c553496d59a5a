import { OpenAPIHono } from '@hono/zod-openapi'
import { except } from 'hono/combine'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { ApiError } from './api-error.ts'
import type { AppEnv } from './context.ts'
import { docsRoutes } from './docs/page.ts'
import { drainRefused } from './middleware/drain-refused.ts'
import { limitJson } from './middleware/limit-json.ts'
import { logRequests } from './middleware/log-requests.ts'
import { refuseOwnWebhooks } from './middleware/refuse-own-webhooks.ts'
import { answerProblem, refuseInvalid } from './problem.ts'
import { accountRoutes } from './routes/account.ts'
import { contactRoutes } from './routes/contacts.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { eventRoutes } from './routes/events.ts'
import { fileRoutes } from './routes/files.ts'
import { groupRoutes } from './routes/groups.ts'
import { installationRoutes } from './routes/installation.ts'
import { linkRoutes } from './routes/link.ts'
import { messageRoutes } from './routes/messages.ts'
import { pairingRoutes } from './routes/pairing.ts'
import { publicRoutes } from './routes/public.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { subscriptionRoutes } from './routes/subscriptions.ts'

/** The whole HTTP edge, in the order in which a request passes it. */
export const app = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

app.use(requestId())
app.use(drainRefused())
app.use(logRequests())
app.use(except('/link/*', secureHeaders()))
app.use(refuseOwnWebhooks())
for (const path of ['/v1/tenants/*', '/v1/sessions/*', '/v1/subscriptions/*']) app.use(path, limitJson())

app.route('/', linkRoutes)
app.route('/', publicRoutes)
app.route('/', docsRoutes)
app.route('/', installationRoutes)
app.route('/', sessionRoutes)
app.route('/', pairingRoutes)
app.route('/', messageRoutes)
app.route('/', eventRoutes)
app.route('/', contactRoutes)
app.route('/', groupRoutes)
app.route('/', accountRoutes)
app.route('/', subscriptionRoutes)
app.route('/', deliveryRoutes)
app.route('/', fileRoutes)

app.onError((error, context) => answerProblem(error, context))

app.notFound((context) => {
  const { path, method } = context.req
  const allowed = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
    .filter((other) => hasHandler(other, path))
    .flatMap((other) => (other === 'GET' ? ['GET', 'HEAD'] : other))
  const problem =
    allowed.length > 0
      ? new ApiError('methodNotAllowed', `${path} takes ${allowed.join(', ')}, not ${method}.`, {
          headers: { allow: allowed.join(', ') },
        })
      : new ApiError('notFound', `There is no ${path}. /docs shows what there is.`)
  context.error = problem
  return answerProblem(problem, context)
})

function hasHandler(method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method === method)
}
