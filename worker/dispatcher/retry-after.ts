/** An endpoint can ask for at most this much patience; beyond it the schedule decides. */
export const maxRetryAfterMs = 3_600_000

/**
 * Reads `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date.
 * @returns milliseconds from `now`, between 0 and an hour; null when there is none or it makes no sense.
 */
export function readRetryAfter(value: string | null, now: number): number | null {
  const text = value?.trim() ?? ''
  if (text === '') return null
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs)
  // Only a date that names its weekday: `Date.parse` would read "-5" or "7.5" as a year.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null
  const at = Date.parse(text)
  if (Number.isNaN(at)) return null
  return Math.min(Math.max(at - now, 0), maxRetryAfterMs)
}
