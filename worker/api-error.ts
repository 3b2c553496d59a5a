import { type ProblemCode, problemTable } from '../openapi/problems.ts'

export interface FieldError {
  path: string
  message: string
}

/** Ends a request with a problem; `onError` alone makes the response. */
export class ApiError extends Error {
  readonly code: ProblemCode
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(
    code: ProblemCode,
    detail: string,
    more: { errors?: FieldError[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: more.cause })
    this.code = code
    this.errors = more.errors
    this.headers = more.headers ?? {}
  }
}

/** Takes the data out of an object's result, or ends the request with its problem. */
export function unwrap<Answer extends { ok: boolean }>(result: Answer): Extract<Answer, { ok: true }> {
  if (result.ok) return result as Extract<Answer, { ok: true }>
  const { code, detail } = result as unknown as { code: string; detail: string }
  if (code in problemTable) throw new ApiError(code as ProblemCode, detail)
  throw new Error(`an object answered ${code}, which the API does not know`)
}
