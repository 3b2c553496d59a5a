import { hashText } from '../hash.ts'
import { randomId } from '../random-id.ts'
import { fail, succeed, type Failure, type Result } from '../result.ts'
import {
  addApiKey,
  findApiKey,
  hasApiKey,
  listApiKeys,
  makeApiKey,
  removeApiKey,
  type ApiKeyView,
} from './api-keys.ts'
import type { TenantRecord, TenantStore } from './store.ts'

interface DeskParts {
  store: TenantStore
  living: () => TenantRecord | Failure<'tenantNotFound'>
}

export type Authorized = { ok: true; idTenant: string; idKey: string; scopes: string[] } | { ok: false }

/** What can be done with a tenant's API keys. */
export class ApiKeyDesk {
  readonly #parts: DeskParts

  constructor(parts: DeskParts) {
    this.#parts = parts
  }

  /** Makes a key; one of the same `idKey` is refused, since nobody knows its secret any more. */
  async create(
    { name = null, scopes }: { name?: string | null | undefined; scopes: string[] },
    idKey: string = randomId('key'),
  ): Promise<Result<{ key: string; view: ApiKeyView }, 'tenantNotFound' | 'keyExists'>> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    const { sql } = this.#parts.store
    const key = makeApiKey(record.idTenant)
    const hash = await hashText(key)
    if (hasApiKey(sql, idKey)) {
      const advice = 'Its secret is kept nowhere: if you have lost it, delete that key and make another.'
      return fail('keyExists', `This Idempotency-Key has made the API key ${idKey}. ${advice}`)
    }
    return succeed({ key, view: addApiKey(sql, hash, { idKey, name, scopes, now: Date.now() }) })
  }

  list(
    limit: number,
    cursor: string | null,
  ): Result<{ keys: ApiKeyView[]; cursor: string | null }, 'tenantNotFound'> {
    const record = this.#parts.living()
    return 'ok' in record ? record : succeed(listApiKeys(this.#parts.store.sql, limit, cursor))
  }

  delete(idKey: string): Result<object, 'tenantNotFound' | 'keyNotFound'> {
    const record = this.#parts.living()
    if ('ok' in record) return record
    return removeApiKey(this.#parts.store.sql, idKey)
      ? succeed({})
      : fail('keyNotFound', 'There is no such API key. List the keys first.')
  }

  authorize(keyHash: string): Authorized {
    const record = this.#parts.living()
    const found = 'ok' in record ? null : findApiKey(this.#parts.store.sql, keyHash)
    if ('ok' in record || !found) return { ok: false }
    return { ok: true, idTenant: record.idTenant, idKey: found.idKey, scopes: found.scopes }
  }
}
