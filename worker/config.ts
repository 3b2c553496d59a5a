import { z } from 'zod'

const wantedSeconds = 'give seconds, such as 5,30,120, or none'
const seconds = z.coerce.number<string>(wantedSeconds).int(wantedSeconds).positive(wantedSeconds)
const usualSchedule = '5,30,120,600,1800,3600,7200,14400,28800,43200,86400,86400'

const wantedDays = 'give days, such as 7 or 0.5, at most 3650'

/** A token that a header can carry and `Bearer` ends at. */
export const Token = z
  .string()
  .min(16, 'use at least 16 characters')
  .regex(/^[\x21-\x7e]*$/, 'use letters, digits and signs of ASCII, without spaces')

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** The variables and secrets of the Worker, the same names on Cloudflare and on one's own machine. */
export const Config = z.object({
  CHATLINK_ADMIN_TOKEN: Token,
  CHATLINK_CONNECTOR_TOKEN: Token,
  /** Seconds before each retry, separated by commas; `none` for no retry at all. */
  CHATLINK_RETRY_SCHEDULE: z
    .string()
    .default(usualSchedule)
    .transform((text) => (text.trim() === 'none' ? [] : (text.trim() || usualSchedule).split(',')))
    .pipe(z.array(seconds).max(50, 'give at most 50 retries')),
  CHATLINK_RETENTION_DAYS: z.coerce
    .number<string>(wantedDays)
    .positive(wantedDays)
    .max(3650, wantedDays)
    .default(7),
  CHATLINK_ALLOW_PRIVATE_TARGETS: z
    .enum(['', '0', '1'], 'give 0 or 1')
    .default('0')
    .transform((value) => value === '1'),
  /** Where the API is reached from outside, such as `https://chatlink.example`; makes `fileUrl` and guards against loops. */
  CHATLINK_PUBLIC_URL: z
    .string()
    .refine(
      (text) => text === '' || isPublicUrl(text),
      'give an address such as https://chatlink.example, without a password',
    )
    .default('')
    .transform((url) => url.replace(/\/$/, '')),
  LOG_LEVEL: z
    .enum(['', 'silent', 'error', 'warn', 'info', 'debug'], 'give silent, error, warn, info or debug')
    .default('info'),
})
export type Config = z.infer<typeof Config>
