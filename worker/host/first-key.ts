import { readSecret, secretFiles, writeSecret } from './secrets.ts'
import { StartProblem } from './start-problem.ts'

export interface FirstKey {
  key: string
  /** Made by this start, not by an earlier one. */
  isNew: boolean
}

/** The key of the installation's first tenant: from the data directory or, at the first start, made by the API. */
export async function openFirstKey(
  url: string,
  adminToken: string,
  dataDirectory: string,
): Promise<FirstKey> {
  const known = readSecret(dataDirectory, 'apiKey')
  if (known !== undefined) return { key: known, isNew: false }
  const call = async <Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) {
      throw new StartProblem(
        `The first API key could not be made (${method} ${path} answered ${response.status}). ` +
          'See the Worker’s lines above.',
      )
    }
    return (await response.json()) as Answer
  }
  const { idTenant } = await call<{ idTenant: string }>('POST', '/v1/tenants', { name: 'First tenant' })
  const { key } = await call<{ key: string }>('POST', `/v1/tenants/${idTenant}/api-keys`, {
    name: 'First key',
  })
  writeSecret(dataDirectory, 'apiKey', key)
  return { key, isNew: true }
}

/** Where the key is kept, relative to the data directory. */
export const firstKeyFile = secretFiles.apiKey
