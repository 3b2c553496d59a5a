import type { z } from '@hono/zod-openapi'
import { Problem } from '../../schema/error.ts'

const texts = {
  400: 'The request cannot be read.',
  401: 'No credential, or a wrong one.',
  403: 'The API key lacks the scope, or it is a webhook that ChatLink has sent.',
  404: 'There is no such thing in this tenant.',
  409: 'It does not fit the present state.',
  410: 'It is not kept any more.',
  413: 'The body is too large.',
  415: 'The body has another content type.',
  416: 'The range is outside the file.',
  422: 'A field is wrong; `errors` says which.',
  429: 'Too much is waiting already.',
  503: 'A part of ChatLink is not available; try again.',
} as const

export type ProblemStatus = keyof typeof texts

/** Problem answers for a route; the common ones are always there. */
export function problems(...statuses: ProblemStatus[]) {
  const all = [...new Set<ProblemStatus>([401, 403, ...statuses])].toSorted((one, other) => one - other)
  return Object.fromEntries(
    all.map((status) => [
      status,
      { description: texts[status], content: { 'application/problem+json': { schema: Problem } } },
    ]),
  )
}

/** A JSON answer. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A JSON request body that must be there. */
export function body<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

export const tenantKey = [{ apiKey: [] }]
export const adminToken = [{ adminToken: [] }]
