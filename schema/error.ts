import { z } from 'zod'

/** RFC 9457 problem details, the body of every answer that is not a success. */
export const Problem = z
  .object({
    type: z
      .string()
      .meta({ description: 'The kind of problem as a URI: `urn:chatlink:problem:` and the `code`.' }),
    title: z.string().meta({ description: 'What kind of problem it is; the same for the same `code`.' }),
    status: z.int().meta({ description: 'The HTTP status, again.' }),
    detail: z.string().meta({ description: 'What went wrong here, and what to do next.' }),
    code: z.string().meta({ description: 'The kind of problem, for programs.' }),
    idRequest: z
      .string()
      .meta({ description: 'Names this request in the logs; the `x-request-id` header too.' }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong with which field of the request.' }),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:chatlink:problem:validationFailed',
        title: 'Validation failed',
        status: 422,
        detail: 'idSession: use 1 to 64 of A-Z a-z 0-9 _ -. See errors.',
        code: 'validationFailed',
        idRequest: '6f1c2b1e-8d0b-4f0e-9f6a-2d8f0c1f7a55',
        errors: [{ path: 'idSession', message: 'use 1 to 64 of A-Z a-z 0-9 _ -' }],
      },
    ],
  })
export type Problem = z.infer<typeof Problem>
