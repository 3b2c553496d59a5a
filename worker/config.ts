import { z } from 'zod'

const seconds = z.coerce.number<string>('give seconds, such as 5,30,120, or none').int().positive()
const usualSchedule = '5,30,120,600,1800,3600,7200,14400,28800,43200,86400,86400'

const readList = (text: string) => text.split(',').filter((part) => part.trim() !== '')

/** The variables and secrets of the Worker, the same names on Cloudflare and on one's own machine. */
export const Config = z.object({
  CHATLINK_ADMIN_TOKEN: z.string().min(16, 'use at least 16 characters'),
  CHATLINK_CONNECTOR_TOKEN: z.string().min(16, 'use at least 16 characters'),
  /** Seconds before each retry, separated by commas; `none` for no retry at all. */
  CHATLINK_RETRY_SCHEDULE: z
    .string()
    .default(usualSchedule)
    .transform((text) => (text.trim() === 'none' ? [] : readList(text.trim() || usualSchedule)))
    .pipe(z.array(seconds).max(50)),
  CHATLINK_RETENTION_DAYS: z.coerce.number().positive().max(3650).default(7),
  CHATLINK_ALLOW_PRIVATE_TARGETS: z
    .enum(['', '0', '1'])
    .default('0')
    .transform((value) => value === '1'),
  /** Where the API is reached from outside, such as `https://chatlink.example`; makes `fileUrl` and guards against loops. */
  CHATLINK_PUBLIC_URL: z
    .union([z.literal(''), z.url()])
    .default('')
    .transform((url) => url.replace(/\/$/, '')),
  LOG_LEVEL: z.enum(['', 'silent', 'error', 'warn', 'info', 'debug']).default('info'),
})
export type Config = z.infer<typeof Config>
