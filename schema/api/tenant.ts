import { z } from 'zod'
import { IdKey, IdTenant } from '../id.ts'
import { IsoTime, nextCursor } from './common.ts'

const name = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'A name for people.', examples: ['Acme'] })

export const CreateTenant = z
  .strictObject({ name })
  .meta({ id: 'CreateTenant', examples: [{ name: 'Acme' }] })
export type CreateTenant = z.infer<typeof CreateTenant>

export const TenantView = z.object({ idTenant: IdTenant, name, createdAt: IsoTime }).meta({ id: 'Tenant' })
export type TenantView = z.infer<typeof TenantView>

export const TenantPage = z
  .object({ tenants: z.array(TenantView), cursor: nextCursor })
  .meta({ id: 'TenantPage' })

/** What an API key may do; `*` is everything of its tenant. */
export const Scope = z.enum([
  '*',
  'sessions:read',
  'sessions:write',
  'messages:write',
  'messages:read',
  'events:read',
  'files:read',
  'files:write',
  'subscriptions:read',
  'subscriptions:write',
])
export type Scope = z.infer<typeof Scope>

const scopes = z
  .array(Scope)
  .min(1)
  .meta({ description: 'What the key may do.', examples: [['*']] })

export const CreateKey = z
  .strictObject({ name: name.optional(), scopes: scopes.default(['*']) })
  .meta({ id: 'CreateApiKey', examples: [{ name: 'Shop', scopes: ['*'] }] })
export type CreateKey = z.infer<typeof CreateKey>

export const KeyView = z
  .object({ idKey: IdKey, name: name.nullable(), scopes, createdAt: IsoTime })
  .meta({ id: 'ApiKey' })
export type KeyView = z.infer<typeof KeyView>

export const NewKey = z
  .object({
    idKey: IdKey,
    key: z
      .string()
      .meta({ description: 'The secret. It is shown this once.', examples: ['ck_8Jq2rVw0Kx5nT3bY_…'] }),
    name: name.nullable(),
    scopes,
    createdAt: IsoTime,
  })
  .meta({ id: 'NewApiKey' })
export type NewKey = z.infer<typeof NewKey>

export const KeyPage = z.object({ keys: z.array(KeyView), cursor: nextCursor }).meta({ id: 'ApiKeyPage' })
