import { OpenAPIHono, z } from '@hono/zod-openapi'
import { coreEvents, events } from '../schema/event/event.ts'
import { apiRoutes } from './api-routes.ts'
import { limits } from './limits.ts'
import { problemTable } from './problems.ts'

const description = `
ChatLink links your WhatsApp numbers to your systems: every message that reaches a number is POSTed to your webhooks as
flat JSON, and your systems send messages through this API.

- **Credentials**: \`Authorization: Bearer …\` with an API key of a tenant, or the admin token of the installation.
- **Errors** are RFC 9457 problem details with a stable \`code\`; \`x-request-id\` names the request in the logs.
- **Repeats**: requests that make something, begin a replay or rotate a secret take an \`Idempotency-Key\`: the same key, the same
  request, one outcome. A key that was used for another request is 422 \`idempotencyConflict\`. What takes no key may be repeated as
  it is: it changes nothing more, or (a test, a single retry, an upload) does harmless work twice.
- **Lists** page with \`limit\` and \`cursor\`.
- **Webhooks** are signed as Standard Webhooks lays down; see *Webhooks* for each event.

## Limits

| limit | value |
|---|---|
${limits.map(({ what, value }) => `| ${what} | ${value} |`).join('\n')}

## Problems

| code | status | title |
|---|---|---|
${Object.entries(problemTable)
  .map(([code, [status, title]]) => `| \`${code}\` | ${status} | ${title} |`)
  .join('\n')}
`.trim()

const signature = z.object({
  'webhook-id': z.string().meta({ description: 'The `idEvent`: the same over retries.' }),
  'webhook-timestamp': z.string().meta({ description: 'When this attempt was made, in Unix seconds.' }),
  'webhook-signature': z
    .string()
    .meta({ description: 'One or several `v1,…` signatures, separated by spaces.' }),
})

/** The whole OpenAPI 3.1 document: every route, and a webhook for each event type. */
export function buildDocument(): Record<string, unknown> {
  const definitions = new OpenAPIHono()
  const registry = definitions.openAPIRegistry
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of a tenant, `ck_…`.',
  })
  registry.registerComponent('securitySchemes', 'adminToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'The admin token of the installation.',
  })
  for (const route of apiRoutes) registry.registerPath(route)
  for (const [messageType, schema] of Object.entries(events)) {
    const isOptIn = !(messageType in coreEvents)
    const text = schema.meta()?.description ?? ''
    registry.registerWebhook({
      method: 'post',
      path: messageType,
      operationId: `receive${messageType[0]!.toUpperCase()}${messageType.slice(1)}`,
      tags: ['Webhooks'],
      summary: messageType,
      description: isOptIn ? `${text} Only for subscriptions that name it.` : text,
      security: [],
      request: { headers: signature, body: { required: true, content: { 'application/json': { schema } } } },
      responses: {
        '2XX': { description: 'Received. Anything else is tried again.' },
        '4XX': { description: 'Tried again later; 410 disables the subscription.' },
      },
    })
  }
  return definitions.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'ChatLink',
      version: '1',
      description,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: '/', description: 'This installation' }],
    tags: [
      { name: 'Sessions', description: 'Linked WhatsApp accounts.' },
      { name: 'Messages', description: 'What the accounts send.' },
      { name: 'Contacts', description: 'Whom WhatsApp knows.' },
      { name: 'Groups', description: 'Groups that the accounts are in.' },
      { name: 'Account', description: 'The accounts’ own profile, and whom they block.' },
      { name: 'Events', description: 'The log of each session, to pull.' },
      { name: 'Subscriptions', description: 'Webhooks.' },
      { name: 'Deliveries', description: 'What became of each event at each webhook.' },
      { name: 'Files', description: 'Media.' },
      { name: 'Installation', description: 'Tenants, keys, connectors.' },
      { name: 'Webhooks', description: 'What ChatLink sends to you.' },
    ],
  }) as unknown as Record<string, unknown>
}
