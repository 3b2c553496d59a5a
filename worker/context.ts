import type { Env } from './env.ts'

/** Whose key a request came with, and what it may do. */
export interface Caller {
  idTenant: string
  idKey: string
  scopes: string[]
}

/** What the handlers find in Hono's context. */
export interface AppEnv {
  Bindings: Env
  Variables: { requestId: string; caller: Caller }
}
