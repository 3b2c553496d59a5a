import { z } from 'zod'

/** ISO 8601 in UTC, such as `2026-01-31T12:00:00.000Z`. */
export const IsoTime = z.iso.datetime().meta({ examples: ['2026-01-31T12:00:00.000Z'] })

/** Where a page begins: what the page before answered as `cursor`. Callers need not know what it looks like. */
export const cursorLike = (pattern: RegExp) =>
  z
    .string()
    .refine((text) => pattern.test(text), 'use the `cursor` that the page before answered')
    .optional()
    .meta({ description: 'The `cursor` of the page before.' })

const readDigits = (given: unknown) => (/^\d{1,15}$/.test(String(given)) ? Number(given) : given)

/** A whole number in a query: digits alone, so that an empty value or `1e3` is an error and no number. */
export const queryInteger = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(readDigits, schema)

/** Says what is wanted, whatever is wrong with it. */
export const wholeNumber = (min: number, max?: number) => {
  const wanted = `give a whole number${max === undefined ? '' : ` from ${min} to ${max}`}`
  const number = z.int(wanted).min(min, wanted)
  return max === undefined ? number : number.max(max, wanted)
}

export const defaultPageSize = 50
export const maxPageSize = 200

/** Query of every list. */
export const PageQuery = z.strictObject({
  limit: queryInteger(wholeNumber(1, maxPageSize).default(defaultPageSize)).meta({
    description: `How many at most, 1 to ${maxPageSize}.`,
  }),
  cursor: cursorLike(/^\d{1,15}$/),
})
export type PageQuery = z.infer<typeof PageQuery>

/** The `cursor` of a page: null on the last one. */
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Where the next page begins; `null` when there is none.' })

export const maxIdempotencyKeyLength = 255

export const IdempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(maxIdempotencyKeyLength)
    .optional()
    .meta({ description: 'Makes a repeat of this request harmless: the same key answers the same.' }),
})
