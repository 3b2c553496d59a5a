import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ZodError } from 'zod'
import { problemTable } from '../openapi/problems.ts'
import { ApiError, type FieldError } from './api-error.ts'
import type { AppEnv } from './context.ts'

/** Makes the one kind of answer that is not a success. Unknown errors answer a constant text; their cause is logged. */
export function answerProblem(error: Error, context: Context<AppEnv>): Response {
  const known = toApiError(error)
  const problem =
    known ?? new ApiError('internal', 'Something went wrong inside ChatLink. Try again; quote idRequest.')
  if (!known) logCause(error, context)
  const [status, title] = problemTable[problem.code]
  const body = {
    type: `urn:chatlink:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    idRequest: context.get('requestId'),
    ...(problem.errors && { errors: problem.errors }),
  }
  return context.body(JSON.stringify(body), status as ContentfulStatusCode, {
    ...problem.headers,
    'content-type': 'application/problem+json',
  })
}

/** The issues of a failed validation as a client understands them. */
export function toFieldErrors({ issues }: Pick<ZodError, 'issues'>): FieldError[] {
  return issues.slice(0, 50).map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
}

/** For OpenAPIHono: what to do with a request that does not fit its route. An id that nothing can have is not found. */
export function refuseInvalid(result: {
  success: boolean
  error?: Pick<ZodError, 'issues'>
  target?: string
}): void {
  if (result.success || !result.error) return
  const errors = toFieldErrors(result.error)
  const first = errors[0]
  const where = first?.path ? `${first.path}: ` : ''
  if (result.target === 'param')
    throw new ApiError('notFound', `Nothing can have this id. ${where}${first?.message ?? 'it is wrong'}.`)
  throw new ApiError('validationFailed', `${where}${first?.message ?? 'the request is wrong'}. See errors.`, {
    errors,
  })
}

function toApiError(error: Error): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (!(error instanceof HTTPException)) return undefined
  if (error.status === 400 && /json/i.test(error.message))
    return new ApiError('malformedJson', 'The body is not JSON. Send well-formed JSON.')
  if (error.status === 415)
    return new ApiError(
      'unsupportedMediaType',
      'Send the body as JSON, with `content-type: application/json`.',
    )
  if (error.status < 500) return new ApiError('badRequest', error.message)
  return undefined
}

function logCause(error: Error, context: Context<AppEnv>): void {
  const line = {
    level: 'error',
    at: new Date().toISOString(),
    idRequest: context.get('requestId'),
    error: error.message,
    stack: error.stack,
  }
  // oxlint-disable-next-line no-console -- the runtime's log is the console
  console.error(JSON.stringify(line))
}
