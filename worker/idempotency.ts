import { hashText } from './hash.ts'

/**
 * What is made under an `Idempotency-Key` gets an id that follows from tenant and key: whoever repeats the request finds
 * what the first one made, for as long as it exists, and no table of keys is needed.
 */
export interface Origin<Prefix extends string> {
  id: `${Prefix}_${string}`
  /** Of the request, hexadecimal: another request under the same key is a conflict. */
  requestHash: string
}

/** The id and the hash of a request that carries a key; nothing without a key. */
export async function readOrigin<Prefix extends string>(
  prefix: Prefix,
  { idTenant, key, request }: { idTenant: string; key: string | undefined; request: unknown },
): Promise<Origin<Prefix> | undefined> {
  if (key === undefined) return undefined
  const [id, requestHash] = await Promise.all([
    hashText(`${idTenant}\0${key}`),
    hashText(JSON.stringify(request)),
  ])
  return { id: `${prefix}_${id.slice(0, 32)}`, requestHash }
}
