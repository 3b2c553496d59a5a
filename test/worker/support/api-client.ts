import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { app } from '../../../worker/app.ts'
import { expectContract } from './api-contract.ts'

type Json = Record<string, unknown>

/** One answer; `body` is read as JSON when it is some. */
export interface Answer<Body = Json> {
  status: number
  headers: Headers
  body: Body
  bytes: Uint8Array
}

interface CallOptions {
  json?: unknown
  body?: BodyInit
  headers?: Record<string, string>
}

/** A client of the HTTP API with one credential; each answer is held against the contract. */
export class ApiClient {
  readonly token: string | null

  constructor(token: string | null) {
    this.token = token
  }

  get<Body = Json>(path: string, headers?: Record<string, string>): Promise<Answer<Body>> {
    return this.call<Body>('GET', path, headers ? { headers } : {})
  }

  post<Body = Json>(path: string, json?: unknown): Promise<Answer<Body>> {
    return this.call<Body>('POST', path, json === undefined ? {} : { json })
  }

  patch<Body = Json>(path: string, json: unknown): Promise<Answer<Body>> {
    return this.call<Body>('PATCH', path, { json })
  }

  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path)
  }

  async call<Body = Json>(method: string, path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    const response = await this.fetch(method, path, options)
    const bytes = new Uint8Array(await response.arrayBuffer())
    const type = response.headers.get('content-type') ?? ''
    const isJson = type.includes('json') && method !== 'HEAD'
    const body = (isJson ? JSON.parse(new TextDecoder().decode(bytes)) : {}) as Body
    expectContract({ method, path, status: response.status, type, ...(isJson && { body }) })
    return { status: response.status, headers: response.headers, body, bytes }
  }

  /** The bare response, such as that of a WebSocket. */
  async fetch(
    method: string,
    path: string,
    { json, body, headers = {} }: CallOptions = {},
  ): Promise<Response> {
    const content = json === undefined ? body : JSON.stringify(json)
    const request = new Request(`http://worker${path}`, {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content !== undefined && { body: content }),
    })
    return app.fetch(request, env, createExecutionContext())
  }
}

export const anybody = new ApiClient(null)
export const admin = new ApiClient(env.CHATLINK_ADMIN_TOKEN!)
export const connector = new ApiClient(env.CHATLINK_CONNECTOR_TOKEN!)

/** A new tenant and a client with a key of it; all scopes unless told otherwise. */
export async function makeCustomer(scopes = ['*']): Promise<ApiClient & { idTenant: string }> {
  const { body } = await admin.post<{ idTenant: string }>('/v1/tenants', { name: 'Acme' })
  return Object.assign(await makeKey(body.idTenant, scopes), { idTenant: body.idTenant })
}

/** A client with a further key of a tenant. */
export async function makeKey(idTenant: string, scopes: string[]): Promise<ApiClient> {
  const { body } = await admin.post<{ key: string }>(`/v1/tenants/${idTenant}/api-keys`, { scopes })
  return new ApiClient(body.key)
}

/** What every refusal has, to be compared with an answer. */
export function problem(status: number, code: string): Json {
  return { status, body: { type: `urn:chatlink:problem:${code}`, status, code } }
}
