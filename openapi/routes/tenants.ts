import { createRoute, z } from '@hono/zod-openapi'
import { IdempotencyHeader, PageQuery } from '../../schema/api/common.ts'
import { ConnectorList } from '../../schema/api/connector.ts'
import { CreateKey, CreateTenant, KeyPage, NewKey, TenantPage, TenantView } from '../../schema/api/tenant.ts'
import { IdKey, IdTenant } from '../../schema/id.ts'
import { adminToken, body, json, problems } from './respond.ts'

const common = { tags: ['Installation'], security: adminToken }
const tenant = z.object({ idTenant: IdTenant })

export const createTenant = createRoute({
  ...common,
  method: 'post',
  path: '/v1/tenants',
  operationId: 'createTenant',
  summary: 'Create a tenant',
  request: { headers: IdempotencyHeader, body: body(CreateTenant) },
  responses: { 201: json(TenantView, 'The new tenant.'), ...problems(400, 413, 415, 422) },
})

export const listTenants = createRoute({
  ...common,
  method: 'get',
  path: '/v1/tenants',
  operationId: 'listTenants',
  summary: 'List the tenants',
  request: { query: PageQuery },
  responses: { 200: json(TenantPage, 'Tenants, oldest first.'), ...problems(422) },
})

export const getTenant = createRoute({
  ...common,
  method: 'get',
  path: '/v1/tenants/{idTenant}',
  operationId: 'getTenant',
  summary: 'Read a tenant',
  request: { params: tenant },
  responses: { 200: json(TenantView, 'The tenant.'), ...problems(404) },
})

export const deleteTenant = createRoute({
  ...common,
  method: 'delete',
  path: '/v1/tenants/{idTenant}',
  operationId: 'deleteTenant',
  summary: 'Delete a tenant and everything it has',
  request: { params: tenant },
  responses: { 204: { description: 'It is gone.' }, ...problems(404) },
})

export const createKey = createRoute({
  ...common,
  method: 'post',
  path: '/v1/tenants/{idTenant}/api-keys',
  operationId: 'createApiKey',
  summary: 'Create an API key for a tenant',
  description:
    'Its secret is kept nowhere, so a repeat under the same `Idempotency-Key` is a conflict that names the key: delete it, and ' +
    'make another.',
  request: { params: tenant, headers: IdempotencyHeader, body: body(CreateKey) },
  responses: {
    201: json(NewKey, 'The key; its secret is shown this once.'),
    ...problems(400, 404, 409, 413, 415, 422),
  },
})

export const listKeys = createRoute({
  ...common,
  method: 'get',
  path: '/v1/tenants/{idTenant}/api-keys',
  operationId: 'listApiKeys',
  summary: 'List the API keys of a tenant',
  request: { params: tenant, query: PageQuery },
  responses: { 200: json(KeyPage, 'The keys without their secrets, oldest first.'), ...problems(404, 422) },
})

export const deleteKey = createRoute({
  ...common,
  method: 'delete',
  path: '/v1/tenants/{idTenant}/api-keys/{idKey}',
  operationId: 'deleteApiKey',
  summary: 'Revoke an API key',
  request: { params: tenant.extend({ idKey: IdKey }) },
  responses: { 204: { description: 'It opens nothing any more.' }, ...problems(404) },
})

export const listConnectors = createRoute({
  ...common,
  method: 'get',
  path: '/v1/connectors',
  operationId: 'listConnectors',
  summary: 'List the connectors',
  responses: { 200: json(ConnectorList, 'Connectors that are online.'), ...problems() },
})

export const readMetrics = createRoute({
  ...common,
  method: 'get',
  path: '/metrics',
  operationId: 'readMetrics',
  summary: 'Read the metrics',
  description: 'In Prometheus’ text format. What is counted reaches it within a minute.',
  responses: {
    200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
    ...problems(),
  },
})
